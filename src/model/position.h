// SPDX-License-Identifier: Apache-2.0
// Position: a place in a room's order. Offsets rise and are not dense: they carry the time of the
// party that orders (see Offset). An epoch names one unbroken history of a room; positions of
// different epochs cannot be compared.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/strong.h"

namespace palaver::model {

// 0: before the first entry (or an ephemeral publication); below 2^53, so that JavaScript's numbers
// hold it. offset = max(last + 1, (ms - kOffsetOrigin) * 4096 + salt), where salt is 0 to 2047.
using Offset = base::Strong<struct OffsetTag, std::uint64_t>;

inline constexpr std::uint64_t kOffsetsPerMillisecond = 4096;
inline constexpr std::uint64_t kOffsetSaltEnd = 2048;
inline constexpr Offset kOffsetEnd{std::uint64_t{1} << 53};
// 2026-01-01T00:00:00Z: offsets last until 2095.
inline constexpr base::WallTime kOffsetOrigin{std::chrono::milliseconds{1'767'225'600'000}};

// Printable ASCII, 1 to 32 bytes; empty stands for "none yet".
using Epoch = base::Strong<struct EpochTag, std::string>;

struct Position {
  Epoch epoch;
  Offset offset;
  friend bool operator==(const Position&, const Position&) = default;
};

// The offset that follows `last` for an entry ordered at `now`. `salt`: 0 to kOffsetSaltEnd - 1.
[[nodiscard]] Offset next_offset(Offset last, base::WallTime now, std::uint64_t salt);

// When the entry was ordered: the offset's milliseconds, rounded down. In a burst of more than 4096
// entries a millisecond it runs ahead of the clock.
[[nodiscard]] base::WallTime time_of(Offset offset);

}  // namespace palaver::model
