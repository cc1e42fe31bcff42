// SPDX-License-Identifier: Apache-2.0
#include "server/framer.h"

#include "chat/article.h"

namespace palaver::server {

using rooms::Encoding;
using rooms::index_of;

rooms::EncodedFrames Framer::encode(const model::Publication& publication,
                                    const rooms::EncodingSet& wanted) {
  rooms::EncodedFrames frames;
  const bool plain = wanted[index_of(Encoding::kArticle)];
  const bool deflated = wanted[index_of(Encoding::kArticleDeflated)];
  if (!plain && !deflated) return frames;
  const auto line = chat::article_line(publication);
  if (!line) return frames;
  if (deflated) {
    if (const auto payload = deflater_.deflate(*line)) {
      frames[index_of(Encoding::kArticleDeflated)] =
          codec::ws::encode_compressed(codec::ws::Opcode::kText, *payload);
    }
  }
  // Where deflating does not save, RFC 7692 lets the message go plain, and both classes share it.
  const bool share = deflated && frames[index_of(Encoding::kArticleDeflated)].empty();
  if (plain || share) {
    const base::Frame frame = codec::ws::encode(codec::ws::Opcode::kText, *line);
    if (plain) frames[index_of(Encoding::kArticle)] = frame;
    if (share) frames[index_of(Encoding::kArticleDeflated)] = frame;
  }
  return frames;
}

base::Frame Framer::encode_one(const model::Publication& publication, Encoding encoding) {
  rooms::EncodingSet wanted{};
  wanted[index_of(encoding)] = true;
  return encode(publication, wanted)[index_of(encoding)];
}

}  // namespace palaver::server
