// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/rooms/fanout_model.h"

#include <gtest/gtest.h>

namespace palaver::tests::rooms {
namespace {

using palaver::rooms::Drop;

palaver::rooms::FanoutCounters run(std::uint64_t seeds, int steps, FanoutRig::Options options) {
  palaver::rooms::FanoutCounters total;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    support::RandomChoices choices(seed);
    FanoutRig rig(choices, options);
    for (int i = 0; i < steps && rig.failure().empty(); ++i) rig.step();
    if (rig.failure().empty()) rig.finish();
    EXPECT_EQ(rig.failure(), "") << "seed " << seed;
    if (!rig.failure().empty()) break;
    total.fast_path_sends += rig.counters().fast_path_sends;
    total.slow_path_sends += rig.counters().slow_path_sends;
    total.count(Drop::kSlow, rig.counters().dropped(Drop::kSlow));
    total.runs_joined += rig.counters().runs_joined;
  }
  return total;
}

TEST(FanoutModel, EachConnectionReceivesWhatItIsOwed) {
  const auto total = run(400, 600, {});
  EXPECT_GT(total.fast_path_sends, 1000U);
  EXPECT_GT(total.slow_path_sends, 1000U);
  EXPECT_GT(total.dropped(Drop::kSlow), 500U);
  EXPECT_GT(total.runs_joined, 1000U);
}

TEST(FanoutModel, WithUnitsAboveTheShareOfATurn) {
  const auto total = run(
      60, 400,
      {.outbox_bytes_max = 400'000, .unit_bytes_max = 90'000, .rooms = 2, .connections_max = 4});
  EXPECT_GT(total.dropped(Drop::kSlow), 100U);
}

TEST(FanoutModel, WithManyRoomsAndTinyUnits) {
  const auto total = run(
      100, 800, {.outbox_bytes_max = 24, .unit_bytes_max = 8, .rooms = 9, .connections_max = 12});
  EXPECT_GT(total.dropped(Drop::kSlow), 100U);
}

}  // namespace
}  // namespace palaver::tests::rooms
