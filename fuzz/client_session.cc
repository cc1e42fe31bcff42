// SPDX-License-Identifier: Apache-2.0
// Frames of anybody into a ClientSession over real rooms and a memory broker, with tokens of all
// kinds: an identity and rooms of the server's choice, a moderator, what has expired. Each command
// is answered once at most, and in its order; nothing is said after the end; what waits has a
// bound; and when all tasks have run the session waits for nothing.
//
// A frame ends at a byte 0. Instead of a frame, one byte of 1 to 5 is something that happens: time
// passes, the room is lost, others do something to the client.
#include "rooms/client_session.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "broker/memory/memory_broker.h"
#include "broker/memory/memory_node.h"
#include "broker/memory/presence_node.h"
#include "codec/wire/json_command.h"
#include "codec/wire/json_reply.h"
#include "codec/wire/raw_json.h"
#include "model/home_shard.h"
#include "tests/support/fake_executor.h"
#include "tests/support/line_encoder.h"
#include "tests/support/room_node.h"
#include "tests/support/session_node.h"
#include "tests/support/table_authenticator.h"

namespace {

namespace base = palaver::base;
namespace broker = palaver::broker;
namespace model = palaver::model;
namespace rooms = palaver::rooms;
namespace support = palaver::tests::support;
namespace wire = palaver::codec::wire;

constexpr unsigned kShards = 2;
constexpr std::size_t kFramesMax = 64;
// What every client of the protocol takes in one message.
constexpr std::size_t kMessageBytesMax = 1024 * 1024;

support::TableAuthenticator make_authenticator() {
  support::TableAuthenticator table;
  table.users["ann"] = support::verified("ann");
  auto moderator = support::verified("mod");
  moderator.role = palaver::auth::Role::kModerator;
  moderator.info = R"({"name":"Mod"})";
  table.users["mod"] = moderator;
  auto placed = support::verified("placed");
  placed.channels = {"r", "s", "r"};
  placed.expires_at = 1;
  table.users["placed"] = placed;
  auto nowhere = support::verified("nowhere");
  nowhere.channels = {"unknown:r"};
  table.users["nowhere"] = nowhere;
  palaver::auth::Identity guest;
  guest.user = {"guest:1"};
  guest.guest_token = "t";
  table.users[""] = guest;
  table.users["late"] = std::unexpected(palaver::auth::Refusal::kExpired);
  table.users["none"] = std::unexpected(palaver::auth::Refusal::kUnauthorized);
  table.grants["g"] = palaver::auth::Grant{.info = "[1]", .expires_at = 1};
  table.grants["f"] = std::unexpected(palaver::auth::Refusal::kForeign);
  return table;
}

rooms::Namespaces make_namespaces() {
  rooms::RoomOptions quiet;
  quiet.presence = quiet.join_leave = quiet.force_recovery = false;
  quiet.history_size = 0;
  quiet.publish = {.client = false, .subscriber = true, .anonymous = false};
  rooms::RoomOptions loud;
  loud.force_push_join_leave = true;
  loud.subscribe = {.client = true, .subscriber = true, .anonymous = false};
  rooms::Namespaces all;
  CHECK(all.add("quiet", quiet) && all.add("loud", loud), "these are names");
  return all;
}

// One node, one session in it, and the oracle of what it says.
class Rig final : public rooms::ClientHost {
 public:
  Rig();
  ~Rig() override { session_.reset(); }  // what it says when it ends goes to the rooms

  void hear(std::string_view frame);
  void happen(unsigned what);
  void finish();

  void disconnect(const wire::DisconnectCode& code) override;
  void say(std::string_view lines) override;
  void reserve() override { CHECK(!std::exchange(reserved_, true), "one place at a time"); }
  void fill(std::string_view lines) override {
    CHECK(std::exchange(reserved_, false), "a place was kept");
    say(lines);
  }
  void replay(const model::RoomName& room, const model::Publication& publication) override {
    say(wire::json_publication_push(room.value, publication));
  }
  void on_connected() override { CHECK(!std::exchange(connected_, true), "connected once"); }
  bool take_token() override { return tokens_-- > 0; }
  [[nodiscard]] bool is_behind() override { return false; }
  void on_idle() override { CHECK(!session_->busy(), "it is not busy"); }
  void finish_later() override {
    cluster_.shard(0).post([this] { session_->finish(); });
  }
  std::function<rooms::ClientSession*()> finder() override {
    return [this] { return session_.get(); };
  }

 private:
  void check_line(std::string_view line);
  [[nodiscard]] std::unique_ptr<support::RoomNode> make_rooms();

  support::FakeCluster cluster_{kShards};
  support::LineEncoder encoder_;
  const support::TableAuthenticator authenticator_ = make_authenticator();
  const rooms::Namespaces namespaces_ = make_namespaces();
  std::unique_ptr<broker::memory::MemoryNode> memory_;
  std::unique_ptr<broker::memory::PresenceNode> presence_;
  std::unique_ptr<support::RoomNode> rooms_;
  std::unique_ptr<support::SessionNode> sessions_;
  rooms::MemberId member_;
  std::unique_ptr<rooms::ClientSession> session_;
  std::deque<std::uint32_t> awaited_;  // ids of commands that were heard
  int tokens_ = 50;
  bool reserved_ = false;
  bool connected_ = false;
  bool ended_ = false;
};

Rig::Rig() {
  std::vector<broker::memory::ShardServices> services;
  std::vector<base::Executor*> executors;
  for (unsigned i = 0; i < kShards; ++i) {
    services.push_back({cluster_.shard(i), cluster_.shard(i)});
    executors.push_back(&cluster_.shard(i));
  }
  memory_ = std::make_unique<broker::memory::MemoryNode>(
      services, broker::memory::MemoryNodeConfig{.limits = {}, .seed = 1, .salt = 1});
  presence_ = std::make_unique<broker::memory::PresenceNode>(executors);
  rooms_ = make_rooms();
  sessions_ = std::make_unique<support::SessionNode>(
      cluster_, 0, *rooms_, support::SessionNode::Shared{*presence_, namespaces_, authenticator_});
  member_ = rooms_->fanout(0).open(1);
  session_ = std::make_unique<rooms::ClientSession>(
      rooms::ClientSession::Options{.member = member_,
                                    .encoding = rooms::Encoding::kJson,
                                    .joins_encoding = rooms::Encoding::kJsonJoins,
                                    .client = palaver::rooms::ClientId("c"),
                                    .ping_seconds = 25},
      *this, sessions_->services(0));
}

std::unique_ptr<support::RoomNode> Rig::make_rooms() {
  return std::make_unique<support::RoomNode>(
      cluster_,
      support::RoomNode::Options{
          .first_shard = 0, .shards = kShards, .outbox_bytes_max = 1 << 20, .home = {}},
      encoder_,
      [this](unsigned /*shard*/, rooms::MemberId /*member*/, const model::RoomName& room) {
        session_->on_lost(room);
      },
      [this](unsigned shard, broker::BrokerSink& sink) {
        return std::make_unique<broker::memory::MemoryBroker>(base::ShardId{shard}, *memory_, sink);
      });
}

// As a connection does: nothing while the session is busy, nor after the end.
void Rig::hear(std::string_view frame) {
  if (ended_ || session_->busy() || !base::is_valid_utf8(frame)) return;
  std::string_view rest = frame;
  while (const auto line = wire::next_line(rest)) {
    const auto command = wire::decode_json_command(*line);
    if (!command) break;
    const bool answers = !std::holds_alternative<wire::SendRequest>(command->request);
    if (answers && command->id > 0) awaited_.push_back(command->id);
  }
  cluster_.shard(0).post([this, frame = std::string(frame)] { session_->on_message(frame); });
  cluster_.run_until_idle();
  CHECK(ended_ || !session_->busy(), "a session that is busy forever");
  CHECK(ended_ || awaited_.empty(), "a command that is never answered");
  std::vector<base::SendOp> ops;
  rooms_->fanout(0).collect(ops);
  for (base::SendOp& op : ops) op.result = static_cast<std::int64_t>(op.size);
  (void)rooms_->fanout(0).settle(ops);
}

void Rig::happen(unsigned what) {
  const model::RoomName room{"r"};
  broker::Whom whom;
  whom.client = "c";
  broker::NodeBus& bus = sessions_->services(0).bus;
  cluster_.shard(0).post([this, what, room, whom, &bus] {
    broker::SubscribeCommand subscribe;
    subscribe.whom = whom;
    subscribe.room = room;
    broker::UnsubscribeCommand unsubscribe;
    unsubscribe.whom = whom;
    unsubscribe.room = room;
    if (what == 3) bus.send(subscribe, [](const auto&) {});
    if (what == 4) bus.send(unsubscribe, [](const auto&) {});
    if (what == 5 && !ended_) session_->check_expiry();
  });
  const base::ShardId home = model::home_shard(room, kShards);
  if (what == 2) {
    cluster_.shard(home.value).post([this, home, room] { rooms_->home(home.value).on_lost(room); });
  }
  cluster_.advance(std::chrono::seconds{what == 1 ? 40 : 0});
  cluster_.run_until_idle();
}

// Whatever happened, nothing of it stays behind.
void Rig::finish() {
  cluster_.advance(std::chrono::minutes{1});
  CHECK(ended_ || !session_->busy(), "a session that is busy forever");
  cluster_.shard(0).post([this] {
    ended_ = true;
    session_->stop(palaver::rooms::Announcement::kTold);
    rooms_->hub(0).close(member_);
  });
  cluster_.advance(std::chrono::seconds{1});
  CHECK(rooms_->rooms() == 0, "a room that nobody is in");
  CHECK(sessions_->services(0).users.hashes().empty(), "a user that is not here");
}

void Rig::disconnect(const wire::DisconnectCode& code) {
  CHECK(!ended_, "it ends once");
  CHECK(code.code >= 3000, "a close has a code");
  ended_ = true;
  session_->stop(palaver::rooms::Announcement::kTold);
  rooms_->hub(0).leave_all(member_);
}

void Rig::say(std::string_view lines) {
  CHECK(!ended_, "nothing is said after the end");
  CHECK(lines.size() <= kMessageBytesMax, "what is said at once has a bound");
  CHECK(!lines.empty() && base::is_valid_utf8(lines), "a frame is text");
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    check_line(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void Rig::check_line(std::string_view line) {
  const auto json = wire::RawJson::parse(line);
  // A level or two of nesting more may be the ones too many.
  if (!json) {
    CHECK(line.starts_with('{') && line.ends_with('}'), "a line is an object");
    if (!line.starts_with(R"({"push")") && !awaited_.empty()) awaited_.pop_front();
    return;
  }
  if (json->member("push")) return;
  const auto id = json->member("id");
  CHECK(id && !awaited_.empty() && id->uint64() == awaited_.front(),
        "each command is answered once, in its order");
  awaited_.pop_front();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  Rig rig;
  for (std::size_t i = 0; i < kFramesMax && !text.empty(); ++i) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    const std::string_view frame = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (frame.size() == 1 && frame[0] >= 1 && frame[0] <= 5) {
      rig.happen(static_cast<unsigned>(frame[0]));
    } else {
      rig.hear(frame);
    }
  }
  rig.finish();
  return 0;
}
