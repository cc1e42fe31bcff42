// SPDX-License-Identifier: Apache-2.0
// Encoding: in which bytes a member wants a publication (wire × framing × deflate). A publication
// is encoded at most once for each, by the room's home shard; all members with the same encoding
// share the frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/frame.h"
#include "model/publication.h"

namespace palaver::rooms {

enum class Encoding : std::uint8_t { kArticle, kArticleDeflated, kJson, kJsonDeflated };
inline constexpr std::size_t kEncodingCount = 4;

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
