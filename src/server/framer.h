// SPDX-License-Identifier: Apache-2.0
// Framer: publications as the bytes that a member's socket gets, one frame for each encoding that
// has members. The only place that knows wire, framing and deflate together. One a shard.
#pragma once

#include <string_view>

#include "base/frame.h"
#include "codec/ws/deflate.h"
#include "codec/ws/frame.h"
#include "model/publication.h"
#include "rooms/encoding.h"

namespace palaver::server {

class Framer final : public rooms::Encoder {
 public:
  [[nodiscard]] rooms::EncodedFrames encode(const model::RoomName& room,
                                            const model::Publication& publication,
                                            const rooms::EncodingSet& wanted) override;
  [[nodiscard]] base::Frame encode_one(const model::RoomName& room,
                                       const model::Publication& publication,
                                       rooms::Encoding encoding);
  // One text message, for one member.
  [[nodiscard]] base::Frame encode_text(std::string_view text, codec::ws::Compression compression);

 private:
  void frame_text(std::string_view text, rooms::Encoding plain, rooms::Encoding deflated,
                  const rooms::EncodingSet& wanted, rooms::EncodedFrames& frames);

  codec::ws::Deflater deflater_;
};

// What members with the article's protocol want.
[[nodiscard]] inline rooms::Encoding article_encoding(codec::ws::Compression compression) {
  return compression == codec::ws::Compression::kDeflate ? rooms::Encoding::kArticleDeflated
                                                         : rooms::Encoding::kArticle;
}

// What members with the Centrifuge protocol in JSON want.
[[nodiscard]] inline rooms::Encoding json_encoding(codec::ws::Compression compression) {
  return compression == codec::ws::Compression::kDeflate ? rooms::Encoding::kJsonDeflated
                                                         : rooms::Encoding::kJson;
}

// The same for those that want joins and leaves too.
[[nodiscard]] inline rooms::Encoding json_joins_encoding(codec::ws::Compression compression) {
  return compression == codec::ws::Compression::kDeflate ? rooms::Encoding::kJsonJoinsDeflated
                                                         : rooms::Encoding::kJsonJoins;
}

}  // namespace palaver::server
