// SPDX-License-Identifier: Apache-2.0
// The node bus contract: its fixture, and the tests of who is told what, and when.
#include "tests/contract/node_bus_contract.h"

#include <cstdlib>
#include <map>
#include <sstream>
#include <utility>
#include <variant>

namespace palaver::tests::contract {

using broker::NodeCommand;

namespace {

std::string number_or_none(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "none";
}

struct Writer {
  void operator()(const broker::DisconnectCommand& c) {
    out << "disconnect" << whom(c.whom) << ' ' << c.code << ' ' << c.reason;
    for (const std::string& client : c.spared) out << " but " << client;
  }
  void operator()(const broker::SubscribeCommand& c) {
    out << "subscribe" << whom(c.whom) << ' ' << c.room.value << ' ' << c.info << ' ' << c.data
        << ' ' << number_or_none(c.expires_at);
    if (c.since) out << " since " << c.since->epoch.value << ' ' << c.since->offset.value;
  }
  void operator()(const broker::UnsubscribeCommand& c) {
    out << "unsubscribe" << whom(c.whom) << ' ' << c.room.value << ' ' << c.code << ' ' << c.reason;
  }
  void operator()(const broker::RefreshCommand& c) {
    out << "refresh" << whom(c.whom) << ' ' << c.expired << ' ' << number_or_none(c.expires_at)
        << ' ' << c.info;
  }
  void operator()(const broker::SendCommand& c) { out << "send" << whom(c.whom) << ' ' << c.data; }
  void operator()(const broker::BlockCommand& c) {
    out << "block " << c.user.value << ' ' << number_or_none(c.until);
  }
  void operator()(const broker::UnblockCommand& c) { out << "unblock " << c.user.value; }

  static std::string whom(const broker::Whom& w) {
    return " (" + w.user.value + ' ' + w.client + ' ' + w.session + ')';
  }

  std::ostringstream& out;
};

}  // namespace

std::string text_of(const NodeCommand& command) {
  std::ostringstream out;
  std::visit(Writer{out}, command);
  return out.str();
}

NodeCommand command(const std::string& text) {
  return broker::SendCommand{.whom = {.user = {"ann"}, .client = {}, .session = {}}, .data = text};
}

void NodeBusContract::Sink::on_command(const NodeCommand& command) {
  EXPECT_TRUE(harness.runs(shard)) << "a sink is called on its shard";
  texts.push_back(text_of(command));
  if (then) then();
}

void NodeBusContract::SetUp() {
  harness_ = GetParam().make();
  for (unsigned i = 0; i < shards(); ++i) {
    sinks_.push_back(std::make_unique<Sink>(*harness_, i));
    buses_.push_back(harness_->make_bus(i, *sinks_[i]));
  }
}

void NodeBusContract::TearDown() {
  for (const auto& bus : buses_) bus->stop();
  buses_.clear();
  harness_->settle();
}

void NodeBusContract::stop_and_replace(unsigned n) {
  auto& slot = buses_[shard(n)];
  slot->stop();
  slot.reset();
  slot = harness_->make_bus(shard(n), sink(n));
}

base::Result<void> NodeBusContract::send(unsigned n, NodeCommand command) {
  return answer_on<void>(*harness_, shard(n), [&](broker::Completion<void> done) {
    bus(n).send(std::move(command), std::move(done));
  });
}

namespace {

TEST_P(NodeBusContract, EveryShardGetsEachCommandOnce) {
  for (unsigned from = 0; from < shards(); ++from) {
    const NodeCommand sent = command("from " + std::to_string(from));
    ASSERT_TRUE(send(from, sent));
    harness().settle();
    for (unsigned n = 0; n < shards(); ++n) EXPECT_EQ(told(n), Texts{text_of(sent)});
  }
}

TEST_P(NodeBusContract, EachKindArrivesWhole) {
  const broker::Whom whom{.user = {"Änn"}, .client = "c 1", .session = "s"};
  const std::vector<NodeCommand> all = {
      broker::DisconnectCommand{
          .whom = whom, .code = 4001, .reason = "go away", .spared = {"c2", "c3"}},
      broker::SubscribeCommand{.whom = whom,
                               .room = {"room"},
                               .info = R"({"a":1})",
                               .data = "[2]",
                               .expires_at = 1'900'000'000,
                               .since = model::Position{{"epoch"}, {9'007'199'254'740'991}}},
      broker::SubscribeCommand{.whom = {.user = {}, .client = "c", .session = {}},
                               .room = {"room"},
                               .info = {},
                               .data = {},
                               .expires_at = {},
                               .since = {}},
      broker::UnsubscribeCommand{.whom = whom, .room = {"room"}, .code = 2001, .reason = "over"},
      broker::RefreshCommand{.whom = whom, .expired = true, .expires_at = {}, .info = {}},
      broker::RefreshCommand{
          .whom = whom, .expired = false, .expires_at = -1, .info = R"({"name":"Ann"})"},
      broker::SendCommand{.whom = whom, .data = std::string(70'000, '7')},
      broker::BlockCommand{.user = {"ann"}, .until = 1'900'000'000},
      broker::BlockCommand{.user = {"bob"}, .until = {}},
      broker::UnblockCommand{.user = {"ann"}},
  };
  Texts texts;
  for (const NodeCommand& each : all) {
    texts.push_back(text_of(each));
    ASSERT_TRUE(send(1, each));
  }
  harness().settle();
  for (unsigned n = 0; n < shards(); ++n) EXPECT_EQ(told(n), texts);
}

TEST_P(NodeBusContract, ASendersOrderIsKept) {
  constexpr int kCommands = 40;
  unsigned answers = 0;
  for (int i = 0; i < kCommands; ++i) {
    for (unsigned from = 0; from < shards(); ++from) {
      on_shard(from, [this, from, i, &answers] {
        const auto count = [&answers](const auto&) { ++answers; };
        bus(from).send(command(std::to_string(from) + '-' + std::to_string(i)), count);
      });
    }
  }
  ASSERT_TRUE(harness().run_until([&] { return answers == kCommands * shards(); }));
  harness().settle();
  for (unsigned n = 0; n < shards(); ++n) {
    std::map<std::string, int> next;  // by sender
    for (const std::string& text : told(n)) {
      const std::size_t dash = text.rfind('-');
      EXPECT_EQ(std::stoi(text.substr(dash + 1)), next[text.substr(0, dash)]++) << text;
    }
    ASSERT_EQ(next.size(), shards());
    for (const auto& [sender, count] : next) EXPECT_EQ(count, kCommands) << sender;
  }
}

TEST_P(NodeBusContract, CompletesLaterOnTheCallingShardWhenItsNodeHasObeyed) {
  for (unsigned from = 0; from < shards(); ++from) {
    Answer<void> answer;
    answer.then = [&] {
      EXPECT_TRUE(harness().runs(from)) << "a completion runs on the calling shard";
      for (unsigned n = 0; n < shards(); ++n) {
        if (harness().node_of(n) != harness().node_of(from)) continue;
        EXPECT_EQ(told(n).size(), 1U) << "shard " << n << " has obeyed";
      }
    };
    on_shard(from, [&] {
      bus(from).send(command("now"), answer.completion());
      answer.call_returned();
    });
    ASSERT_TRUE(harness().run_until([&] { return answer.came(); }));
    EXPECT_TRUE(answer.result());
    harness().settle();
    for (unsigned n = 0; n < shards(); ++n) sink(n).texts.clear();
  }
}

TEST_P(NodeBusContract, StopDropsWhatIsUnderWay) {
  auto owned = std::make_shared<int>(0);
  int came = 0;
  const auto count = [&came, owned](const auto&) { ++came; };
  on_shard(0, [&] {
    for (int i = 0; i < 3; ++i) bus(0).send(command("before"), count);
    bus(0).stop();
    bus(0).stop();
    bus(0).send(command("after"), count);
  });
  harness().settle();
  EXPECT_EQ(came, 0);
  EXPECT_EQ(owned.use_count(), 2) << "completions that do not run are destroyed";
  EXPECT_TRUE(told(0).empty());
  for (unsigned n = 1; n < shards(); ++n) {
    for (const std::string& text : told(n)) EXPECT_EQ(text, text_of(command("before")));
  }
}

TEST_P(NodeBusContract, OthersGoOnWithoutAStoppedShard) {
  if (shards() < 2) GTEST_SKIP() << "no others";
  for (unsigned stopped = 0; stopped < shards(); ++stopped) {
    on_shard(stopped, [&] { bus(stopped).stop(); });
    harness().settle();
    for (unsigned from = 0; from < shards(); ++from) {
      if (from == stopped) continue;
      ASSERT_TRUE(send(from, command("on")));
    }
    harness().settle();
    for (unsigned n = 0; n < shards(); ++n) {
      EXPECT_EQ(told(n).size(), n == stopped ? 0 : shards() - 1) << n << ' ' << stopped;
    }
    on_shard(stopped, [&] { stop_and_replace(stopped); });
    harness().settle();
  }
  ASSERT_TRUE(send(0, command("again")));
  harness().settle();
  for (unsigned n = 0; n < shards(); ++n) EXPECT_EQ(told(n).size(), 1U);
}

TEST_P(NodeBusContract, TheNextInstanceOfAShardGetsNoAnswerOfTheLast) {
  int came = 0;
  on_shard(1, [&] {
    for (int i = 0; i < 4; ++i) bus(1).send(command("old"), [&](const auto&) { ++came; });
    stop_and_replace(1);
  });
  harness().settle();
  EXPECT_EQ(came, 0);
  EXPECT_TRUE(send(1, command("new")));
}

TEST_P(NodeBusContract, ACompletionMaySendAndStop) {
  int came = 0;
  on_shard(0, [&] {
    bus(0).send(command("first"), [&](const auto&) {
      for (int i = 0; i < 3; ++i) {
        bus(0).send(command("second"), [&](const auto&) {
          ++came;
          bus(0).stop();
        });
      }
    });
  });
  ASSERT_TRUE(harness().run_until([&] { return came > 0; }));
  harness().settle();
  EXPECT_EQ(came, 1);
}

TEST_P(NodeBusContract, ASinkMaySendAndStop) {
  const unsigned last = shards() - 1;
  int came = 0;
  sink(last).then = [&] {
    if (sink(last).texts.size() == 1) {
      bus(last).send(command("answer"), [&](const auto&) { ++came; });
    } else {
      bus(last).stop();
    }
  };
  on_shard(0, [&] { bus(0).send(command("call"), [](const auto&) {}); });
  harness().settle();
  EXPECT_EQ(told(last), (Texts{text_of(command("call")), text_of(command("answer"))}));
  EXPECT_EQ(came, 0) << "it had stopped";
}

}  // namespace
}  // namespace palaver::tests::contract
