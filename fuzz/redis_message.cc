// SPDX-License-Identifier: Apache-2.0
// What comes on the channels that nodes share in Redis, from other versions too: a room's message,
// a command for all nodes, and a survey's question and report, all from the same bytes. What is
// taken keeps the bounds of its types, and packed again it says the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "broker/redis/bus_command.h"
#include "broker/redis/entry.h"
#include "broker/redis/survey_message.h"

namespace {

namespace model = palaver::model;
namespace redis = palaver::broker::redis;

void check_publication(const model::Publication& publication, std::string_view message) {
  CHECK(publication.offset < model::kOffsetEnd, "JavaScript's numbers hold an offset");
  CHECK(publication.prev < model::kOffsetEnd, "JavaScript's numbers hold an offset");
  CHECK(publication.kind <= model::PublicationKind::kLeave, "a kind is one of the kinds");
  CHECK(message.ends_with(publication.data.view()), "the data is what follows the header");
  const model::Sender& sender = publication.sender;
  CHECK(redis::unpack_sender(redis::pack_sender(sender)) == sender, "a sender stays the same");
  const auto again = redis::parse_live(redis::ephemeral_message(
      publication.kind, sender, publication.tags, publication.data.view()));
  CHECK(again && again->kind == redis::Live::Kind::kEphemeral, "our own message is one");
  const model::Publication& other = again->publication;
  CHECK(other.offset == model::Offset{} && other.kind == publication.kind &&
            other.sender == sender && other.tags == publication.tags &&
            other.data.view() == publication.data.view(),
        "a publication comes out as it went in");
}

void check_live(std::string_view message) {
  const auto live = redis::parse_live(message);
  if (!live) return;
  if (live->kind == redis::Live::Kind::kLost) return;
  check_publication(live->publication, message);
  for (const model::Offset offset : live->redacted) {
    CHECK(offset < model::kOffsetEnd, "JavaScript's numbers hold an offset");
  }
}

void check_command(std::string_view packed) {
  const auto command = redis::unpack_command(packed);
  if (!command) return;
  const std::string again = redis::pack_command(*command);
  const auto other = redis::unpack_command(again);
  CHECK(other && other->index() == command->index(), "our own command is one");
  CHECK(redis::pack_command(*other) == again, "a command stays the same");
}

void check_survey(std::string_view packed) {
  if (const auto asked = redis::unpack_question(packed)) {
    const auto other = redis::unpack_question(redis::pack_question(*asked));
    CHECK(other && other->from == asked->from && other->id == asked->id &&
              other->question.rooms == asked->question.rooms,
          "a question stays the same");
  }
  if (const auto told = redis::unpack_report(packed)) {
    const auto other = redis::unpack_report(redis::pack_report(*told));
    CHECK(other && other->id == told->id && other->report == told->report,
          "a report stays the same");
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_live(bytes);
  check_command(bytes);
  check_survey(bytes);
  return 0;
}
