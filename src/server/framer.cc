// SPDX-License-Identifier: Apache-2.0
#include "server/framer.h"

#include "chat/article.h"
#include "codec/wire/json_reply.h"

namespace palaver::server {

using rooms::Encoding;
using rooms::index_of;

namespace {

std::string json_push(std::string_view channel, const model::Publication& publication) {
  switch (publication.kind) {
    case model::PublicationKind::kJoin:
      return codec::wire::json_join_push(channel, codec::wire::info_of(publication.sender));
    case model::PublicationKind::kLeave:
      return codec::wire::json_leave_push(channel, codec::wire::info_of(publication.sender));
    case model::PublicationKind::kData:
      break;
  }
  return codec::wire::json_publication_push(channel, publication);
}

}  // namespace

rooms::EncodedFrames Framer::encode(const model::RoomName& room,
                                    const model::Publication& publication,
                                    const rooms::EncodingSet& wanted) {
  rooms::EncodedFrames frames;
  // What passes by is not the article's: its clients have no word for it.
  const bool passing = model::is_passing(publication);
  if (!passing &&
      (wanted[index_of(Encoding::kArticle)] || wanted[index_of(Encoding::kArticleDeflated)])) {
    if (const auto line = chat::article_line(publication)) {
      frame_text(*line, Encoding::kArticle, Encoding::kArticleDeflated, wanted, frames);
    }
  }
  // Members with and without joins share the frames of data.
  const bool data = publication.kind == model::PublicationKind::kData;
  const auto wants = [&](Encoding alone, Encoding with_joins) {
    return wanted[index_of(with_joins)] || (data && wanted[index_of(alone)]);
  };
  rooms::EncodingSet json{};
  json[index_of(Encoding::kJson)] = wants(Encoding::kJson, Encoding::kJsonJoins);
  json[index_of(Encoding::kJsonDeflated)] =
      wants(Encoding::kJsonDeflated, Encoding::kJsonJoinsDeflated);
  if (json[index_of(Encoding::kJson)] || json[index_of(Encoding::kJsonDeflated)]) {
    frame_text(json_push(room.value, publication), Encoding::kJson, Encoding::kJsonDeflated, json,
               frames);
    frames[index_of(Encoding::kJsonJoins)] = frames[index_of(Encoding::kJson)];
    frames[index_of(Encoding::kJsonJoinsDeflated)] = frames[index_of(Encoding::kJsonDeflated)];
    if (!data) frames[index_of(Encoding::kJson)] = frames[index_of(Encoding::kJsonDeflated)] = {};
  }
  return frames;
}

void Framer::frame_text(std::string_view text, Encoding plain, Encoding deflated,
                        const rooms::EncodingSet& wanted, rooms::EncodedFrames& frames) {
  if (wanted[index_of(deflated)]) {
    if (const auto payload = deflater_.deflate(text)) {
      frames[index_of(deflated)] = codec::ws::encode_compressed(codec::ws::Opcode::kText, *payload);
    }
  }
  // Where deflating does not save, RFC 7692 lets the message go plain, and both classes share it.
  const bool share = wanted[index_of(deflated)] && frames[index_of(deflated)].empty();
  if (!wanted[index_of(plain)] && !share) return;
  const base::Frame frame = codec::ws::encode(codec::ws::Opcode::kText, text);
  if (wanted[index_of(plain)]) frames[index_of(plain)] = frame;
  if (share) frames[index_of(deflated)] = frame;
}

base::Frame Framer::encode_one(const model::RoomName& room, const model::Publication& publication,
                               Encoding encoding) {
  rooms::EncodingSet wanted{};
  wanted[index_of(encoding)] = true;
  return encode(room, publication, wanted)[index_of(encoding)];
}

base::Frame Framer::encode_text(std::string_view text, codec::ws::Compression compression) {
  const Encoding encoding = json_encoding(compression);
  rooms::EncodingSet wanted{};
  wanted[index_of(encoding)] = true;
  rooms::EncodedFrames frames;
  frame_text(text, Encoding::kJson, Encoding::kJsonDeflated, wanted, frames);
  return frames[index_of(encoding)];
}

}  // namespace palaver::server
