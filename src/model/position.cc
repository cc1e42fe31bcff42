// SPDX-License-Identifier: Apache-2.0
#include "model/position.h"

#include <algorithm>

#include "base/check.h"

namespace palaver::model {

Offset next_offset(Offset last, base::WallTime now, std::uint64_t salt) {
  CHECK(salt < kOffsetSaltEnd, "a salt is below its end");
  const auto ms = std::max<std::int64_t>((now - kOffsetOrigin).count(), 0);
  const std::uint64_t by_time = static_cast<std::uint64_t>(ms) * kOffsetsPerMillisecond + salt;
  const Offset next{std::max(last.value + 1, by_time)};
  CHECK(next < kOffsetEnd, "offsets stay below 2^53");
  return next;
}

base::WallTime time_of(Offset offset) {
  return kOffsetOrigin + std::chrono::milliseconds{offset.value / kOffsetsPerMillisecond};
}

}  // namespace palaver::model
