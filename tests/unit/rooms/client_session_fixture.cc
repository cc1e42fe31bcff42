// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/rooms/client_session_fixture.h"

#include <algorithm>
#include <chrono>

#include "broker/memory/memory_broker.h"
#include "codec/wire/json_reply.h"
#include "codec/wire/raw_json.h"

namespace palaver::tests::rooms {

using broker::memory::MemoryBroker;
using broker::memory::MemoryNode;
using codec::wire::RawJson;
using palaver::rooms::ClientSession;

void ClientSessionFixture::start_with(unsigned failing_call,
                                      broker::memory::MemoryBrokerLimits limits) {
  session_.reset();
  session_node_.reset();
  auto cluster = std::make_unique<support::FakeCluster>(1U);
  const broker::memory::ShardServices services{cluster->shard(0), cluster->shard(0)};
  auto memory = std::make_shared<MemoryNode>(
      std::span(&services, 1),
      broker::memory::MemoryNodeConfig{.limits = limits, .seed = 5, .salt = 77});
  calls_ = 0;
  start(std::move(cluster),
        {.first_shard = 0,
         .shards = 1,
         .outbox_bytes_max = 8 << 20,
         .home = {.shard = {}, .recovery_bytes_max = 4 << 20}},
        [this, memory, failing_call](unsigned shard, broker::BrokerSink& sink) {
          return std::make_unique<FailingBroker>(
              std::make_unique<MemoryBroker>(base::ShardId{shard}, *memory, sink),
              this->cluster().shard(shard), calls_, failing_call);
        });
  base::Executor* const shard = &this->cluster().shard(0);
  presence_node_ = std::make_unique<broker::memory::PresenceNode>(std::span(&shard, 1));
  session_node_ = std::make_unique<support::SessionNode>(
      this->cluster(), 0, node(),
      support::SessionNode::Shared{*presence_node_, namespaces_, authenticator_});
  services_ = &session_node_->services(0);
  start_session();
}

void ClientSessionFixture::start_session() {
  if (session_) {
    session_->stop(palaver::rooms::Announcement::kTold);
    close(*member_);
  }
  ended_ = 0;
  member_ = &open();
  session_ = std::make_unique<ClientSession>(
      ClientSession::Options{.member = member_->id,
                             .encoding = Encoding::kJson,
                             .joins_encoding = Encoding::kJsonJoins,
                             .client = palaver::rooms::ClientId("c0ffee"),
                             .ping_seconds = 25},
      *this, *services_);
}

void ClientSessionFixture::say(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    said_.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  ++frames_;
}

void ClientSessionFixture::fill(std::string_view lines) {
  said_.insert(said_.begin() + static_cast<std::ptrdiff_t>(reserved_), std::string(lines));
  ++frames_;
}

void ClientSessionFixture::replay(const model::RoomName& room,
                                  const model::Publication& publication) {
  said_.push_back(codec::wire::json_publication_push(room.value, publication));
}

void ClientSessionFixture::finish_later() {
  cluster().shard(0).post([find = finder()] {
    if (ClientSession* session = find()) session->finish();
  });
}

std::vector<std::string> ClientSessionFixture::said(std::string_view frame) {
  if (session_) session_->on_message(frame);
  turn();
  return std::exchange(said_, {});
}

void ClientSessionFixture::connect_as(std::string_view token) {
  const auto lines = said(R"({"id":1,"connect":{"token":")" + std::string(token) + "\"}}");
  ASSERT_EQ(lines.size(), 1U);
  ASSERT_TRUE(session_->connected()) << lines[0];
}

std::uint64_t ClientSessionFixture::error(const std::string& command) {
  const auto lines = said(command);
  EXPECT_EQ(lines.size(), 1U) << command;
  if (lines.size() != 1) return 0;
  const auto error = RawJson::parse(lines[0])->member("error");
  return error ? error->member("code")->uint64().value_or(0) : 0;
}

void ClientSessionFixture::publish(std::string_view data, const std::string& room) {
  node().broker(0).publish({room}, {}, base::Frame::copy_of(data), {}, [](auto) {});
  turn();
}

std::int64_t ClientSessionFixture::seconds_now() {
  return std::chrono::floor<std::chrono::seconds>(cluster().shard(0).wall_now())
      .time_since_epoch()
      .count();
}

}  // namespace palaver::tests::rooms
