// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/rooms/rooms_fixture.h"

#include <algorithm>

namespace palaver::tests::rooms {

model::Publication entry(std::uint64_t offset, std::uint64_t prev, std::string_view data) {
  return {.offset = {offset},
          .prev = {prev},
          .sender = {.user = {"somebody"}, .client = {}, .info = {}},
          .data = base::Frame::copy_of(data)};
}

JoinOptions join_last(std::size_t last) {
  return {.replay = Replay::kLast, .last = last, .since = {}};
}

JoinOptions join_since(std::string epoch, std::uint64_t offset) {
  return {.replay = Replay::kSince, .last = 0, .since = {{std::move(epoch)}, {offset}}};
}

namespace {

std::string text_of(const base::Result<Joined>& joined) {
  if (!joined) {
    const bool limit = joined.error().code == base::ErrorCode::kLimit;
    return limit ? "error:limit" : "error:unavailable";
  }
  std::string text = "joined@" + std::to_string(joined->position.offset.value);
  const std::string& epoch = joined->position.epoch.value;
  if (epoch.size() == 1 && epoch != "E") text += epoch;  // those that brokers make are not told
  if (joined->recovered) text += '+';
  if (joined->replay.empty()) return text;
  text += '[';
  for (const model::Publication& publication : joined->replay) {
    text += std::to_string(publication.offset.value) + ' ';
  }
  text.back() = ']';
  return text;
}

}  // namespace

void RoomsFixture::start(std::unique_ptr<support::FakeCluster> cluster,
                         support::RoomNode::Options options,
                         const support::RoomNode::MakeBroker& make_broker) {
  node_.reset();
  members_.clear();
  cluster_ = std::move(cluster);
  node_ = std::make_unique<support::RoomNode>(
      *cluster_, options, encoder_,
      [this](unsigned shard, MemberId id, const auto& room) { tell(shard, id, room, "lost"); },
      make_broker);
  for (unsigned i = 0; i < node_->shards(); ++i) {
    node_->set_on_interrupted(i, [this](unsigned shard, MemberId id, const auto& room) {
      tell(shard, id, room, "interrupted");
    });
  }
}

RoomsFixture::Member& RoomsFixture::open(unsigned shard) {
  auto member = std::make_unique<Member>();
  member->shard = shard;
  member->socket = network_.open();
  member->id = node_->fanout(shard).open(member->socket);
  return *members_.emplace_back(std::move(member));
}

void RoomsFixture::close(Member& member) {
  node_->hub(member.shard).close(member.id);
  network_.close(member.socket);
  std::erase_if(members_, [&](const auto& other) { return other.get() == &member; });
}

void RoomsFixture::join(Member& member, const std::string& room, JoinOptions options,
                        Encoding encoding) {
  node_->hub(member.shard)
      .join(member.id, {room}, encoding, std::move(options),
            [this, &member](base::Result<Joined> joined) {
              say(member, text_of(joined));
              return member.answer;
            });
}

RoomsFixture::Member& RoomsFixture::joining(JoinOptions options, const std::string& room,
                                            unsigned shard) {
  Member& member = open(shard);
  join(member, room, std::move(options));
  return member;
}

void RoomsFixture::turn() {
  cluster_->run_until_idle();
  std::vector<base::SendOp> ops;
  for (unsigned i = 0; i < node_->shards(); ++i) {
    while (node_->fanout(i).has_ready()) {
      node_->fanout(i).collect(ops);
      network_.send(ops);
      const auto& outcome = node_->fanout(i).settle(ops);
      EXPECT_TRUE(outcome.blocked.empty() && outcome.broken.empty());
    }
  }
  for (const auto& member : members_) {
    for (const std::string& line : support::take_lines(network_.received(member->socket))) {
      if (!member->log.empty()) member->log += ' ';
      const auto parsed = support::parse_line(line);
      if (parsed && parsed->encoding == Encoding::kArticleDeflated) member->log += 'd';
      member->log += parsed ? std::to_string(parsed->offset) : line;
    }
  }
}

std::string RoomsFixture::seen(Member& member) {
  turn();
  return std::exchange(member.log, {});
}

void RoomsFixture::tell(unsigned shard, MemberId id, const model::RoomName& room,
                        const std::string& what) {
  const auto member = std::ranges::find_if(members_, [&](const auto& candidate) {
    return candidate->shard == shard && candidate->id == id;
  });
  ASSERT_NE(member, members_.end());
  say(**member, room.value == "r" ? what : what + ':' + room.value);
}

void RoomsFixture::say(Member& member, const std::string& line) {
  node_->fanout(member.shard)
      .send(member.id, base::Frame::copy_of(line + '\n'), palaver::rooms::Fanout::Bound::kOwn);
}

void RoomsOnScript::start_with(palaver::rooms::Home::Options options) {
  start(std::make_unique<support::FakeCluster>(1),
        {.first_shard = 0, .shards = 1, .outbox_bytes_max = 1 << 26, .home = options},
        [this](unsigned, broker::BrokerSink&) {
          auto broker = std::make_unique<ScriptedBroker>();
          broker_ = broker.get();
          return broker;
        });
}

RoomsFixture::Member& RoomsOnScript::live_member(std::uint64_t offset, const std::string& room) {
  Member& member = joining({}, room);
  answer_subscribe(offset);
  EXPECT_EQ(seen(member), "joined@" + std::to_string(offset));
  return member;
}

void RoomsOnScript::answer_subscribe(std::uint64_t offset, std::string epoch) {
  turn();
  ScriptedBroker::take(broker().subscribes).done(model::Position{{std::move(epoch)}, {offset}});
  turn();
}

void RoomsOnScript::rejoin(Member& member, std::uint64_t offset, const std::string& epoch) {
  join(member, "r");
  turn();
  while (!broker().subscribes.empty()) answer_subscribe(offset, epoch);
}

void RoomsOnScript::fail_subscribe(base::ErrorCode code) {
  turn();
  ScriptedBroker::take(broker().subscribes).done(base::fail(code, "the test says no"));
  turn();
}

void RoomsOnScript::answer_read(std::uint64_t top, std::vector<model::Publication> entries,
                                std::string epoch) {
  turn();
  ScriptedBroker::take(broker().reads)
      .done(broker::History{.top = {{std::move(epoch)}, {top}}, .entries = std::move(entries)});
  turn();
}

void RoomsOnScript::fail_read() {
  turn();
  ScriptedBroker::take(broker().reads)
      .done(base::fail(base::ErrorCode::kUnavailable, "the test says no"));
  turn();
}

void RoomsOnScript::publish(std::uint64_t offset, std::uint64_t prev, std::string epoch,
                            std::string_view data) {
  home().on_publication({"r"}, {std::move(epoch)}, entry(offset, prev, data));
}

}  // namespace palaver::tests::rooms
