// SPDX-License-Identifier: Apache-2.0
// Encoding: which publications a member wants, and in which bytes (wire × framing × deflate). A
// publication is encoded at most once for each, by the room's home shard; all members with the same
// encoding share the frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/frame.h"
#include "model/publication.h"

namespace palaver::rooms {

enum class Encoding : std::uint8_t {
  kArticle,
  kArticleDeflated,
  kJson,
  kJsonDeflated,
  // The same frames, and those of joins and leaves.
  kJsonJoins,
  kJsonJoinsDeflated,
};
inline constexpr std::size_t kEncodingCount = 6;

// What is told live only (typing, joins) is the first to go where a member is behind.
enum class Importance : std::uint8_t { kKept, kDroppable };

[[nodiscard]] constexpr std::size_t index_of(Encoding encoding) {
  return static_cast<std::size_t>(encoding);
}

// Which encodings have members; indexed by index_of().
using EncodingSet = std::array<bool, kEncodingCount>;
// One frame for each encoding; an empty one: these members do not get the publication.
using EncodedFrames = std::array<base::Frame, kEncodingCount>;

// Called on the home shard. server::Framer is the real one.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // Frames of one unit for the encodings in `wanted`.
  [[nodiscard]] virtual EncodedFrames encode(const model::RoomName& room,
                                             const model::Publication& publication,
                                             const EncodingSet& wanted) = 0;
};

}  // namespace palaver::rooms
