// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/finder.h"

#include <chrono>
#include <optional>
#include <utility>

#include "broker/redis/greeting.h"

namespace palaver::broker::redis {

namespace {

constexpr base::Duration kInterval = std::chrono::seconds{1};
constexpr base::Duration kTimeout = std::chrono::seconds{1};

}  // namespace

Finder::Finder(net::Loop& loop, const RedisOptions& options, Question question, Observer& observer)
    : loop_(loop), options_(options), question_(std::move(question)), observer_(observer) {}

void Finder::open(std::vector<Endpoint> whom) {
  close();
  whom_ = std::move(whom);
  asked_ = 0;
  ask();
}

void Finder::close() {
  ++round_;
  stream_.reset();
  whom_.clear();
}

void Finder::ask_now() {
  if (stream_ && !owed_) write_question();
}

// One connection stays with whoever answers.
void Finder::ask() {
  loop_.run_after(kInterval, guard_([this, round = round_] {
                    if (round == round_ && is_open()) ask();
                  }));
  if (stream_) {
    if (owed_) {
      next("it was silent");
    } else {
      write_question();
    }
    return;
  }
  reader_ = {};
  greetings_ = 0;
  owed_ = true;  // until it is open, too
  stream_ = open_stream(loop_, options_, whom_[asked_], kTimeout, *this);
}

void Finder::on_open() {
  std::string greeting;
  if (question_.greets) greetings_ = append_greeting(greeting, options_);
  if (!greeting.empty()) stream_->write(greeting);
  write_question();
}

void Finder::write_question() {
  std::string out;
  codec::resp::append_command(out, question_.command);
  owed_ = true;
  stream_->write(out);
}

void Finder::on_bytes(std::string_view bytes) {
  reader_.feed(bytes);
  while (stream_) {
    const auto read = reader_.next();
    if (!read) {
      next(read.error().message);
      return;
    }
    const std::optional<codec::resp::Reply>& reply = *read;
    if (!reply) return;
    const codec::resp::Reply& answer = *reply;
    if (greetings_ > 0) {
      --greetings_;
      if (answer.is_error()) next(answer.text);
      continue;
    }
    owed_ = false;
    const unsigned round = round_;
    const Endpoint asked = whom_[asked_];
    const bool knows = observer_.on_found(asked, answer);
    if (round != round_) return;
    if (!knows) next(answer.is_error() ? answer.text : "it does not know");
  }
}

void Finder::on_closed(const std::string& reason) { next(reason); }

// Another one, at the next tick.
void Finder::next(const std::string& reason) {
  stream_.reset();
  const Endpoint asked = whom_[asked_];
  asked_ = (asked_ + 1) % whom_.size();
  observer_.on_not_found(asked, reason);
}

}  // namespace palaver::broker::redis
