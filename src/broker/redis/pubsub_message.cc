// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/pubsub_message.h"

#include <utility>

#include "broker/redis/entry.h"

namespace palaver::broker::redis {

namespace {

constexpr char kNoteMark = 'N';  // no message of entry.h begins with it

}  // namespace

std::string pack_pubsub(PubsubMessage::Kind kind, std::string_view payload,
                        const model::Publication& publication) {
  std::string out;
  if (kind != PubsubMessage::Kind::kPassing) {
    out += kNoteMark;
    pack(out, payload);
  }
  out += ephemeral_message(publication.kind, publication.sender, publication.tags,
                           publication.data.view());
  return out;
}

std::optional<PubsubMessage> parse_pubsub(std::string_view message) {
  PubsubMessage parsed;
  if (message.starts_with(kNoteMark)) {
    message.remove_prefix(1);
    const auto payload = unpack(message);
    if (!payload) return std::nullopt;
    using Kind = PubsubMessage::Kind;
    parsed.kind = payload->empty() ? Kind::kAlone : Kind::kNote;
    parsed.payload = *payload;
  }
  auto live = parse_live(message);
  if (!live || live->kind != Live::Kind::kEphemeral) return std::nullopt;
  const bool data = live->publication.kind == model::PublicationKind::kData;
  if (!data && parsed.kind != PubsubMessage::Kind::kPassing) return std::nullopt;
  parsed.publication = std::move(live->publication);
  return parsed;
}

}  // namespace palaver::broker::redis
