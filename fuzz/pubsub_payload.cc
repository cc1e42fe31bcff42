// SPDX-License-Identifier: Apache-2.0
// What comes on a room's channels in the mode `pubsub`: anybody's payload, and a message of another
// node, both from the same bytes. What is taken says the same when it is written again.
#include "broker/redis/pubsub_payload.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "broker/redis/pubsub_message.h"

namespace {

namespace redis = palaver::broker::redis;

void check_payload(std::string_view bytes) {
  const auto payload = redis::parse_payload(bytes);
  if (!payload) {
    CHECK(!payload.error().message.empty(), "a refusal says why");
    return;
  }
  CHECK(palaver::base::is_valid_utf8(payload->form.text), "a text is UTF-8");
  CHECK(palaver::base::is_valid_utf8(payload->form.client), "a client is UTF-8");
  const palaver::base::WallTime time = payload->said_at.value_or(palaver::base::WallTime{});
  const std::string again = redis::encode_payload("room", payload->form, time);
  for (const char c : again) CHECK(c >= ' ' && c <= '~', "json.dumps writes ASCII");
  const auto other = redis::parse_payload(again);
  CHECK(other && other->form == payload->form && other->said_at == time,
        "a payload comes out as it went in");
}

void check_message(std::string_view bytes) {
  const auto message = redis::parse_pubsub(bytes);
  if (!message) return;
  const auto other = redis::parse_pubsub(
      redis::pack_pubsub(message->kind, message->payload, message->publication));
  CHECK(other && other->kind == message->kind && other->payload == message->payload &&
            other->publication.sender == message->publication.sender &&
            other->publication.data.view() == message->publication.data.view(),
        "a message comes out as it went in");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_payload(bytes);
  check_message(bytes);
  return 0;
}
