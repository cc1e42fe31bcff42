// SPDX-License-Identifier: Apache-2.0
// How idle and connect lay out their connections: as evenly as it goes over the rooms. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bench/load/ledger.h"

namespace palaver::bench::load {

[[nodiscard]] inline std::vector<RoomPlan> spread_over_rooms(std::uint32_t connections,
                                                             std::uint32_t rooms) {
  const std::uint32_t count = std::clamp(rooms, 1U, std::max(connections, 1U));
  std::vector<RoomPlan> plan(count, {.members = connections / count, .in_flight_max = 1});
  for (std::uint32_t room = 0; room < connections % count; ++room) ++plan[room].members;
  return plan;
}

}  // namespace palaver::bench::load
