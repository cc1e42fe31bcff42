// SPDX-License-Identifier: Apache-2.0
// RoomsFixture: a node with members whose sockets take all. What a member received is told in short
// words, in the order of its byte stream: "joined@5[3 4 5] 6 7 lost". RoomsOnScript puts it on one
// shard over a ScriptedBroker, with a room "r" in epoch "E".
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/fake_executor.h"
#include "tests/support/line_encoder.h"
#include "tests/support/room_node.h"
#include "tests/unit/rooms/fake_network.h"
#include "tests/unit/rooms/scripted_broker.h"

namespace palaver::tests::rooms {

using palaver::rooms::Encoding;
using palaver::rooms::Hub;
using palaver::rooms::Joined;
using palaver::rooms::JoinOptions;
using palaver::rooms::MemberId;
using Replay = palaver::rooms::JoinOptions::Replay;

[[nodiscard]] model::Publication entry(std::uint64_t offset, std::uint64_t prev,
                                       std::string_view data = "x");
[[nodiscard]] JoinOptions join_last(std::size_t last);
[[nodiscard]] JoinOptions join_since(std::string epoch, std::uint64_t offset);

class RoomsFixture {
 public:
  struct Member {
    unsigned shard = 0;
    MemberId id;
    int socket = -1;
    Hub::Answer answer = Hub::Answer::kStay;
    std::string log;
  };

  void start(std::unique_ptr<support::FakeCluster> cluster, support::RoomNode::Options options,
             const support::RoomNode::MakeBroker& make_broker);

  Member& open(unsigned shard = 0);
  void close(Member& member);
  void join(Member& member, const std::string& room, JoinOptions options = {},
            Encoding encoding = Encoding::kArticle);
  // Opens one and joins.
  Member& joining(JoinOptions options = {}, const std::string& room = "r", unsigned shard = 0);
  void leave_all(Member& member) { node().hub(member.shard).leave_all(member.id); }

  // Runs all that is ready, and ends the turn of all shards.
  void turn();
  // The log since the last look, after a turn.
  std::string seen(Member& member);

  [[nodiscard]] support::FakeCluster& cluster() { return *cluster_; }
  [[nodiscard]] support::RoomNode& node() { return *node_; }
  [[nodiscard]] support::LineEncoder& encoder() { return encoder_; }

 private:
  void tell(unsigned shard, MemberId id, const model::RoomName& room, const std::string& what);
  void say(Member& member, const std::string& line);

  std::unique_ptr<support::FakeCluster> cluster_;
  support::LineEncoder encoder_;
  FakeNetwork network_;
  std::vector<std::unique_ptr<Member>> members_;
  std::unique_ptr<support::RoomNode> node_;
};

class RoomsOnScript : public RoomsFixture, public testing::Test {
 protected:
  RoomsOnScript() { start_with({}); }
  void start_with(palaver::rooms::Home::Options options);

  // A member that joined at this position, without replay.
  Member& live_member(std::uint64_t offset, const std::string& room = "r");
  // The broker's calls, answered; a turn before and after.
  void answer_subscribe(std::uint64_t offset, std::string epoch = "E");
  // The same for a member that was told of a loss: the subscriptions before its own count no more.
  void rejoin(Member& member, std::uint64_t offset, const std::string& epoch = "E");
  void fail_subscribe(base::ErrorCode code = base::ErrorCode::kUnavailable);
  void answer_read(std::uint64_t top, std::vector<model::Publication> entries,
                   std::string epoch = "E");
  void fail_read();
  // The broker's own calls.
  void publish(std::uint64_t offset, std::uint64_t prev, std::string epoch = "E",
               std::string_view data = "x");
  void lose() { home().on_lost({"r"}); }

  palaver::rooms::Home& home() { return node().home(0); }
  ScriptedBroker& broker() { return *broker_; }

 private:
  ScriptedBroker* broker_ = nullptr;
};

}  // namespace palaver::tests::rooms
