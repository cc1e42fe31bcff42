// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/faulty_broker.h"

#include <utility>

namespace palaver::tests::sim {

namespace {

std::unexpected<base::Error> away() {
  return base::fail(base::ErrorCode::kUnavailable, "the broker is away");
}

}  // namespace

template <typename T>
bool FaultyBroker::fails(broker::Completion<T>& done) {
  if (stopped_ || !faults_.happens(faults_.fails_before)) return false;
  ++faults_.counts.failed;
  later([done = std::move(done)]() mutable { done(away()); });
  return true;
}

template <typename T>
broker::Completion<T> FaultyBroker::on_its_way(broker::Completion<T> done) {
  return [this, done = std::move(done)](base::Result<T> result) mutable {
    if (faults_.happens(faults_.fails_after)) {
      ++faults_.counts.failed;
      result = away();
    }
    if (!faults_.happens(faults_.delays)) {
      done(std::move(result));
      return;
    }
    ++faults_.counts.delayed;
    later([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  };
}

template <typename T>
broker::Completion<T> FaultyBroker::acknowledged(broker::Completion<T> done) {
  return [this, done = std::move(done)](base::Result<T> result) mutable {
    if (faults_.happens(faults_.fails_after)) result = away();
    in_order([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  };
}

void FaultyBroker::later(base::Task task) {
  base::Task unless_stopped = [this, task = std::move(task)]() mutable {
    if (!stopped_) task();
  };
  if (faults_.choices->one_in(2)) {
    executor_.post(std::move(unless_stopped));
  } else {
    executor_.run_after(faults_.some_delay(), std::move(unless_stopped));
  }
}

void FaultyBroker::in_order(base::Task task) {
  const bool waits = faults_.happens(faults_.delays);
  if (queue_.empty() && !waits) {
    task();
    return;
  }
  queue_.push_back(std::move(task));
  if (queue_.size() > 1) return;
  ++faults_.counts.delayed;
  later([this] { pump(); });
}

void FaultyBroker::pump() {
  while (!queue_.empty() && !stopped_) {
    base::Task task = std::move(queue_.front());
    // It stays in the queue while it runs: what it brings about comes after it.
    task();
    if (stopped_) return;
    queue_.pop_front();
    if (queue_.empty() || !faults_.happens(faults_.delays)) continue;
    later([this] { pump(); });
    return;
  }
}

void FaultyBroker::subscribe(const model::RoomName& room,
                             broker::Completion<model::Position> done) {
  if (!fails(done)) behind_->subscribe(room, on_its_way(std::move(done)));
}

void FaultyBroker::publish(const model::RoomName& room, model::Sender sender, base::Frame data,
                           broker::PublishOptions options,
                           broker::Completion<broker::PublishResult> done) {
  if (fails(done)) return;
  behind_->publish(room, std::move(sender), std::move(data), std::move(options),
                   acknowledged(std::move(done)));
}

void FaultyBroker::history(const model::RoomName& room, broker::HistoryQuery query,
                           broker::Completion<broker::History> done) {
  if (!fails(done)) behind_->history(room, query, on_its_way(std::move(done)));
}

void FaultyBroker::positions(std::vector<model::RoomName> rooms,
                             broker::Completion<std::vector<model::Position>> done) {
  if (!fails(done)) behind_->positions(std::move(rooms), on_its_way(std::move(done)));
}

void FaultyBroker::entry(const model::RoomName& room, model::Offset offset,
                         broker::Completion<model::Publication> done) {
  if (!fails(done)) behind_->entry(room, offset, on_its_way(std::move(done)));
}

void FaultyBroker::redact(const model::RoomName& room, model::Sender sender, base::Frame data,
                          model::Offset target, base::Frame replacement, std::string id,
                          broker::Completion<broker::RedactResult> done) {
  if (fails(done)) return;
  behind_->redact(room, std::move(sender), std::move(data), target, std::move(replacement),
                  std::move(id), acknowledged(std::move(done)));
}

void FaultyBroker::remove_history(const model::RoomName& room, broker::Completion<void> done) {
  behind_->remove_history(room, std::move(done));
}

void FaultyBroker::stop() {
  stopped_ = true;
  behind_->stop();
  queue_.clear();
}

void FaultyBroker::on_publication(const model::RoomName& room, const model::Epoch& epoch,
                                  const model::Publication& publication) {
  if (faults_.happens(faults_.losses)) {
    ++faults_.counts.lost;
    on_lost(room);
  }
  if (faults_.happens(faults_.drops)) {
    ++faults_.counts.dropped;
    return;
  }
  const int times = faults_.happens(faults_.doubles) ? 2 : 1;
  faults_.counts.doubled += times == 2 ? 1U : 0U;
  for (int i = 0; i < times; ++i) {
    in_order([this, room, epoch, publication] { sink_.on_publication(room, epoch, publication); });
  }
}

void FaultyBroker::on_redaction(const model::RoomName& room, model::Offset target) {
  in_order([this, room, target] { sink_.on_redaction(room, target); });
}

void FaultyBroker::on_lost(const model::RoomName& room) {
  // The next publication's epoch, or the check of silent rooms, says the same.
  if (faults_.happens(faults_.drops)) return;
  in_order([this, room] { sink_.on_lost(room); });
}

}  // namespace palaver::tests::sim
