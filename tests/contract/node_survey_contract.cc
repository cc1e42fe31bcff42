// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/node_survey_contract.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/limits.h"

namespace palaver::tests::contract {

using broker::NodeReport;
using broker::SurveyQuestion;

namespace {

const SurveyQuestion kNumbers{.rooms = std::nullopt};

Reports sorted(Reports reports) {
  std::ranges::sort(reports, {}, &NodeReport::uid);
  return reports;
}

}  // namespace

base::Result<Reports> answer_to(NodeSurveyHarness& harness, unsigned shard,
                                const SurveyQuestion& question) {
  auto result = answer_on<Reports>(
      harness, shard, [&](auto done) { harness.ask(shard, question, std::move(done)); });
  if (result) *result = sorted(std::move(*result));
  return result;
}

Reports said(NodeSurveyHarness& harness) {
  Reports all;
  for (unsigned i = 0; i < harness.nodes(); ++i) all.push_back(harness.reporter(i).says);
  return sorted(std::move(all));
}

namespace {

TEST_P(NodeSurveyContract, EveryNodeIsAskedOnceAndAnswers) {
  for (unsigned shard = 0; shard < harness().shards(); ++shard) {
    for (unsigned i = 0; i < harness().nodes(); ++i) {
      harness().reporter(i).asked.clear();
      harness().reporter(i).says.clients = 100 * shard + i;  // what it says is as of now
    }
    const auto answer = answer_to(harness(), shard, kNumbers);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, said(harness()));
    for (unsigned i = 0; i < harness().nodes(); ++i) {
      EXPECT_EQ(harness().reporter(i).asked.size(), 1U);
    }
  }
}

TEST_P(NodeSurveyContract, CompletesOnTheAskingShard) {
  for (unsigned shard = 0; shard < harness().shards(); ++shard) {
    Answer<Reports> answer;
    answer.then = [&] { EXPECT_TRUE(harness().runs(shard)); };
    harness().post(shard, [&] {
      harness().ask(shard, kNumbers, answer.completion());
      answer.call_returned();
    });
    ASSERT_TRUE(harness().run_until([&] { return answer.came(); }));
    EXPECT_TRUE(answer.result());
    harness().settle();
  }
}

TEST_P(NodeSurveyContract, AQuestionArrivesWhole) {
  const std::vector<std::optional<std::string>> patterns = {
      std::nullopt, "", "news:*", std::string("[a-c]? räume 💬\n\0,3:x", 24)};
  for (const auto& pattern : patterns) {
    ASSERT_TRUE(answer_to(harness(), 0, {.rooms = pattern}));
    for (unsigned i = 0; i < harness().nodes(); ++i) {
      EXPECT_EQ(harness().reporter(i).asked.back().rooms, pattern);
    }
  }
}

TEST_P(NodeSurveyContract, AReportArrivesWhole) {
  for (unsigned i = 0; i < harness().nodes(); ++i) {
    NodeReport& report = harness().reporter(i).says;
    report.name = "node 💬 " + std::to_string(i);
    report.version = "1.2,3:a";
    report.clients = 4'294'967'295;
    report.users = 1;
    report.subscriptions = 2 + i;
    report.room_count = 3;
    report.uptime_seconds = 4;
    for (unsigned room = 0; room < 1'000; ++room) {
      report.rooms.emplace_back(model::RoomName{"räume " + std::to_string(room)}, room);
    }
    report.too_many_rooms = i == 0;
  }
  const auto answer = answer_to(harness(), 0, {.rooms = ""});
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, said(harness()));
}

TEST_P(NodeSurveyContract, ManyAtOnceAreAnsweredOrRefused) {
  constexpr std::size_t kMany = 3 * base::kSurveysUnderWayMax;
  std::size_t whole = 0;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < kMany; ++i) {
    const unsigned shard = static_cast<unsigned>(i) % harness().shards();
    harness().post(shard, [&, shard] {
      harness().ask(shard, kNumbers, [&](base::Result<Reports> answer) {
        if (answer) {
          EXPECT_EQ(sorted(std::move(*answer)), said(harness()));
          ++whole;
        } else {
          EXPECT_EQ(answer.error().code, base::ErrorCode::kLimit);
          ++refused;
        }
      });
    });
  }
  ASSERT_TRUE(harness().run_until([&] { return whole + refused == kMany; }));
  EXPECT_GE(whole, base::kSurveysUnderWayMax);
  EXPECT_TRUE(answer_to(harness(), 0, kNumbers)) << "those are over";
}

TEST_P(NodeSurveyContract, ACompletionMayAsk) {
  std::optional<base::Result<Reports>> second;
  harness().post(0, [&] {
    harness().ask(0, kNumbers, [&](const auto&) {
      harness().ask(0, kNumbers, [&](base::Result<Reports> answer) { second = std::move(answer); });
    });
  });
  ASSERT_TRUE(harness().run_until([&] { return second.has_value(); }));
  ASSERT_TRUE(*second);
  EXPECT_EQ((*second)->size(), harness().nodes());
}

}  // namespace
}  // namespace palaver::tests::contract
