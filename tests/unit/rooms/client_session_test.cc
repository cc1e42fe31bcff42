// SPDX-License-Identifier: Apache-2.0
// ClientSession over real rooms and a memory broker: what a client is told, line by line, and in
// which order with what its rooms owe it.
#include "rooms/client_session.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "broker/memory/memory_broker.h"
#include "broker/memory/memory_node.h"
#include "codec/wire/json_reply.h"
#include "codec/wire/raw_json.h"
#include "tests/unit/rooms/client_session_fixture.h"

namespace palaver::tests::rooms {
namespace {

using broker::memory::MemoryBroker;
using broker::memory::MemoryNode;
using codec::wire::RawJson;
using palaver::rooms::ClientSession;
using palaver::rooms::Fanout;
using palaver::rooms::SessionHost;

constexpr std::string_view kConnect = R"({"id":1,"connect":{}})";

class ClientSessionTest : public ClientSessionFixture {};

TEST_F(ClientSessionTest, ConnectComesFirstAndOnce) {
  EXPECT_EQ(said(kConnect),
            Lines{R"({"id":1,"connect":{"client":"c0ffee","ping":25,"pong":true}})"});
  EXPECT_EQ(said("{}"), Lines{}) << "a pong";
  EXPECT_EQ(ended_, 0);
  EXPECT_EQ(said(R"({"id":2,"connect":{}})"), Lines{});
  EXPECT_EQ(ended_, 3501);
}

TEST_F(ClientSessionTest, NothingComesBeforeConnect) {
  EXPECT_EQ(said(R"({"id":1,"subscribe":{"channel":"r"}})"), Lines{});
  EXPECT_EQ(ended_, 3501);
  EXPECT_EQ(said(kConnect), Lines{}) << "it has ended";
}

TEST_F(ClientSessionTest, WhatStandsBeforeABadLineIsAnswered) {
  EXPECT_EQ(
      said(std::string(kConnect) + "\n{\"id\":2,\"ping\":{}}\nnonsense\n{\"id\":3,\"ping\":{}}"),
      (Lines{R"({"id":1,"connect":{"client":"c0ffee","ping":25,"pong":true}})",
             R"({"id":2,"ping":{}})"}));
  EXPECT_EQ(ended_, 3501);
}

TEST_F(ClientSessionTest, SubscribesPublishesAndUnsubscribesInOneFrame) {
  connect();
  frames_ = 0;
  const auto lines = said(
      "{\"id\":2,\"subscribe\":{\"channel\":\"r\"}}\n"
      "{\"id\":3,\"publish\":{\"channel\":\"r\",\"data\":{\"text\":\"hi\"}}}\n"
      "{\"id\":4,\"unsubscribe\":{\"channel\":\"r\"}}\n"
      "{\"id\":5,\"ping\":{}}");
  ASSERT_EQ(lines.size(), 4U);
  const auto subscribed = RawJson::parse(lines[0])->member("subscribe");
  ASSERT_TRUE(subscribed);
  EXPECT_EQ(subscribed->member("recoverable")->boolean(), true);
  EXPECT_EQ(subscribed->member("positioned")->boolean(), true);
  EXPECT_FALSE(subscribed->member("epoch")->string()->empty());
  EXPECT_FALSE(subscribed->member("offset"));
  EXPECT_FALSE(subscribed->member("recovered"));
  EXPECT_EQ(lines[1], R"({"id":3,"publish":{}})");
  EXPECT_EQ(lines[2], R"({"id":4,"unsubscribe":{}})");
  EXPECT_EQ(lines[3], R"({"id":5,"ping":{}})");
  EXPECT_EQ(idle_, 1);
  live();
  publish("late");
  EXPECT_EQ(live(), "") << "it has left";
}

TEST_F(ClientSessionTest, WaitsWithTheNextFrameUntilTheFirstIsDone) {
  connect();
  session_->on_message(R"({"id":2,"subscribe":{"channel":"r"}})");
  EXPECT_TRUE(session_->busy());
  session_->on_message(R"({"id":3,"ping":{}})");
  EXPECT_TRUE(said_.empty());
  const auto lines = said("");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("\"id\":2"), std::string::npos);
  EXPECT_NE(lines[1].find("\"id\":3"), std::string::npos);
  EXPECT_FALSE(session_->busy());
}

TEST_F(ClientSessionTest, RefusesWhatItMust) {
  connect();
  const std::string longest(base::kRoomNameBytesMax, 'x');
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":""}})"), 107U);
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":")" + longest + "x\"}}"), 107U);
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":")" + longest + "\"}}"), 0U);
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":")" + longest + "\"}}"), 105U);
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"$private"}})"), 103U);
  EXPECT_EQ(error(R"({"id":2,"publish":{"channel":"r"}})"), 107U);
  EXPECT_EQ(error(R"({"id":2,"publish":{"channel":"$private","data":1}})"), 103U);
  EXPECT_EQ(error(R"({"id":2,"history":{"channel":""}})"), 107U);
  EXPECT_EQ(error(R"({"id":2,"rpc":{"method":"m"}})"), 108U);
  tokens_ = 0;
  EXPECT_EQ(error(R"({"id":2,"publish":{"channel":"r","data":1}})"), 111U);
  EXPECT_EQ(ended_, 0);
}

TEST_F(ClientSessionTest, SubscriptionsAreBounded) {
  connect();
  for (std::size_t i = 0; i < base::kSubscriptionsMax; ++i) {
    EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"r)" + std::to_string(i) + "\"}}"), 0U) << i;
  }
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"one more"}})"), 106U);
  EXPECT_EQ(error(R"({"id":2,"unsubscribe":{"channel":"r0"}})"), 0U);
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"one more"}})"), 0U);
}

TEST_F(ClientSessionTest, CommandsWaitForAClientThatIsBehind) {
  connect();
  behind_ = true;
  EXPECT_EQ(said("{\"id\":2,\"ping\":{}}\n{\"id\":3,\"ping\":{}}"), Lines{});
  EXPECT_TRUE(session_->busy()) << "nothing should be read";
  session_->go_on();
  EXPECT_EQ(said(""), Lines{});
  behind_ = false;
  const int idle = idle_;
  session_->go_on();
  EXPECT_EQ(said(""), (Lines{R"({"id":2,"ping":{}})", R"({"id":3,"ping":{}})"}));
  EXPECT_FALSE(session_->busy());
  EXPECT_EQ(idle_, idle + 1) << "reading goes on";
}

TEST_F(ClientSessionTest, RecoversInPagesAndGoesOnLive) {
  connect();
  const std::size_t count = base::kReplayEntriesMax + 5;
  for (std::size_t i = 0; i < count; ++i) publish(std::to_string(i));
  auto lines = said(R"({"id":2,"subscribe":{"channel":"r","recover":true,"offset":0,"epoch":""}})");
  ASSERT_EQ(lines.size(), 1U + 5U);
  const auto result = RawJson::parse(lines[0])->member("subscribe");
  EXPECT_EQ(result->member("recovered")->boolean(), true);
  EXPECT_EQ(result->member("was_recovering")->boolean(), true);
  std::vector<std::string> data;
  result->member("publications")->each_element([&](RawJson each) {
    data.emplace_back(each.member("data")->text());
    return true;
  });
  EXPECT_EQ(data.size(), base::kReplayEntriesMax);
  EXPECT_FALSE(result->member("offset")) << "where the recovery began";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto push = RawJson::parse(lines[i])->member("push")->member("pub");
    data.emplace_back(push->member("data")->text());
  }
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(data.at(i), std::to_string(i));
  live();
  publish("now");
  EXPECT_NE(live(), "");
}

TEST_F(ClientSessionTest, ARecoveryAnswersWithThePositionThatItBeganAt) {
  connect();
  publish("1");
  auto lines = said(R"({"id":2,"subscribe":{"channel":"r"}})");
  const auto at = RawJson::parse(lines.at(0))->member("subscribe");
  const std::string epoch(at->member("epoch")->text());
  const std::string offset(at->member("offset")->text());
  EXPECT_EQ(error(R"({"id":3,"unsubscribe":{"channel":"r"}})"), 0U);
  for (const char* text : {"2", "3"}) publish(text);
  lines = said(R"({"id":4,"subscribe":{"channel":"r","recover":true,"offset":)" + offset +
               R"(,"epoch":)" + epoch + "}}");
  const auto result = RawJson::parse(lines.at(0))->member("subscribe");
  EXPECT_EQ(result->member("recovered")->boolean(), true);
  EXPECT_EQ(result->member("offset")->text(), offset);
  EXPECT_EQ(result->member("epoch")->text(), epoch);
}

TEST_F(ClientSessionTest, APositionThatIsGoneIsToldOneWayOrTheOther) {
  broker::memory::MemoryBrokerLimits limits;
  limits.entries_max = 2;
  start_with(~0U, limits);
  connect();
  for (int i = 0; i < 4; ++i) publish(std::to_string(i));
  const std::string request = R"("subscribe":{"channel":"r","recover":true,"offset":0,"epoch":"")";
  EXPECT_EQ(error("{\"id\":2," + request + ",\"flag\":2}}"), 112U);
  publish("unheard");
  EXPECT_EQ(live(), "") << "an error is no subscription";
  const auto lines = said("{\"id\":3," + request + "}}");
  ASSERT_EQ(lines.size(), 1U);
  const auto result = RawJson::parse(lines[0])->member("subscribe");
  EXPECT_EQ(result->member("was_recovering")->boolean(), true);
  EXPECT_FALSE(result->member("recovered"));
  EXPECT_FALSE(result->member("publications"));
}

TEST_F(ClientSessionTest, ALostRoomIsAnUnsubscribeAndCanBeJoinedAgain) {
  connect();
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"r"}})"), 0U);
  node().hub(0).lost({"r"});
  session_->on_lost({"r"});
  EXPECT_EQ(std::exchange(said_, {}), Lines{R"({"push":{"channel":"r","unsubscribe":{"code":2500,)"
                                            R"("reason":"insufficient state"}}})"});
  session_->on_lost({"r"});
  session_->on_lost({"never"});
  EXPECT_TRUE(said_.empty());
  EXPECT_EQ(error(R"({"id":3,"subscribe":{"channel":"r"}})"), 0U);
}

TEST_F(ClientSessionTest, AnInterruptionIsToldToWhoAskedForSuchThings) {
  connect();
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"plain"}})"), 0U);
  EXPECT_EQ(error(R"({"id":3,"subscribe":{"channel":"r","positioned":true}})"), 0U);
  EXPECT_EQ(error(R"({"id":4,"subscribe":{"channel":"s","recoverable":true}})"), 0U);
  for (const char* room : {"plain", "r", "s", "never"}) session_->on_interrupted({room});
  const auto told = [](const std::string& room) {
    return R"({"push":{"channel":")" + room +
           R"(","unsubscribe":{"code":2500,"reason":"insufficient state"}}})";
  };
  EXPECT_EQ(std::exchange(said_, {}), (Lines{told("r"), told("s")}));
  publish("unheard");
  EXPECT_EQ(live(), "");
  EXPECT_EQ(error(R"({"id":5,"subscribe":{"channel":"r"}})"), 0U);
  EXPECT_EQ(error(R"({"id":6,"subscribe":{"channel":"plain"}})"), 105U) << "it stayed";
}

TEST_F(ClientSessionTest, WhereNothingIsKeptNothingIsChanged) {
  palaver::rooms::RoomOptions options;
  options.history_size = 0;
  ASSERT_TRUE(namespaces_.add("brief", options));
  connect();
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"brief:r"}})"), 0U);
  for (const std::string act :
       {R"({"kind":"edit","target":4096,"text":"x"})", R"({"kind":"delete","target":4096})",
        R"({"kind":"react","target":4096,"emoji":"x","on":true})"}) {
    EXPECT_EQ(error(R"({"id":3,"publish":{"channel":"brief:r","data":)" + act + "}}"), 108U);
  }
  EXPECT_EQ(error(R"({"id":3,"publish":{"channel":"brief:r","data":{"text":"x"}}})"), 0U);
}

TEST_F(ClientSessionTest, AfterAStopNothingIsSaidAndNothingJoined) {
  connect();
  session_->on_message("{\"id\":2,\"subscribe\":{\"channel\":\"r\"}}\n{\"id\":3,\"ping\":{}}");
  session_->stop(palaver::rooms::Announcement::kTold);
  EXPECT_EQ(said(""), Lines{});
  publish("late");
  EXPECT_EQ(live(), "");
  EXPECT_EQ(said(R"({"id":4,"ping":{}})"), Lines{});
  EXPECT_EQ(ended_, 0) << "its connection has ended it";
}

TEST_F(ClientSessionTest, AnAnswerThatComesTooLateFindsNobody) {
  connect();
  session_->on_message(R"({"id":2,"publish":{"channel":"r","data":1}})");
  session_.reset();
  EXPECT_EQ(said(""), Lines{});
}

// The broker fails each call in turn: a temporary error, and the next try succeeds.
TEST_F(ClientSessionTest, ABrokerThatFailsIsATemporaryError) {
  for (unsigned call = 0; call < 3; ++call) {
    SCOPED_TRACE(call);
    start_with(call, {});
    connect();
    const std::vector<std::string> commands{
        R"({"id":2,"publish":{"channel":"r","data":1}})",
        R"({"id":2,"history":{"channel":"r","limit":5}})",
        R"({"id":2,"subscribe":{"channel":"r"}})",
    };
    for (unsigned i = 0; i < commands.size(); ++i) {
      EXPECT_EQ(error(commands[i]), i == call ? 100U : 0U);
    }
    EXPECT_EQ(error(commands[call]), 0U);
  }
}

TEST_F(ClientSessionTest, HistoryIsReadBothWaysWithinItsLimits) {
  connect();
  for (int i = 0; i < 400; ++i) publish(std::to_string(i));
  const auto numbers = [&](const std::string& options) {
    const auto lines = said(R"({"id":2,"history":{"channel":"r")" + options + "}}");
    std::vector<std::string> found;
    RawJson::parse(lines.at(0))
        ->member("history")
        ->member("publications")
        ->each_element([&](RawJson each) {
          found.emplace_back(each.member("data")->text());
          return true;
        });
    return found;
  };
  EXPECT_EQ(numbers(""), Lines{});
  EXPECT_EQ(numbers(R"(,"limit":2)"), (Lines{"0", "1"}));
  EXPECT_EQ(numbers(R"(,"limit":2,"reverse":true)"), (Lines{"399", "398"}));
  EXPECT_EQ(numbers(R"(,"limit":-1)").size(), base::kReplayEntriesMax);
  EXPECT_EQ(numbers(R"(,"limit":1000)").size(), base::kReplayEntriesMax);
  EXPECT_EQ(error(R"({"id":2,"history":{"channel":"r","since":{"offset":1,"epoch":"no"}}})"), 112U);
}

}  // namespace
}  // namespace palaver::tests::rooms
