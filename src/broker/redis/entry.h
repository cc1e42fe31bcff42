// SPDX-License-Identifier: Apache-2.0
// How publications and their senders look in Redis: a header of fields, each with its length before
// it, and the data as it is. Pure functions; what does not parse is nobody's entry and is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/resp/resp.h"
#include "model/position.h"
#include "model/publication.h"

namespace palaver::broker::redis {

// "3:ann,2:c1,": texts one after the other.
void pack(std::string& out, std::string_view field);
// Takes the next field off the front of `in`; unset when it does not begin with a whole one.
[[nodiscard]] std::optional<std::string_view> unpack(std::string_view& in);

[[nodiscard]] std::string pack_sender(const model::Sender& sender);
[[nodiscard]] std::optional<model::Sender> unpack_sender(std::string_view packed);

// Sender and tags.
[[nodiscard]] std::string pack_header(const model::Sender& sender, std::string_view tags);

// What came on a room's channel.
struct Live {
  enum class Kind : std::uint8_t {
    kEntry,      // `publication`, of `epoch`
    kRedaction,  // the same, and `redacted` lost their data
    kEphemeral,  // `publication` has offset 0
    kLost,       // `epoch` begins
  };
  Kind kind{};
  model::Epoch epoch;
  model::Publication publication;
  std::vector<model::Offset> redacted;
};
[[nodiscard]] std::optional<Live> parse_live(std::string_view message);
[[nodiscard]] std::string ephemeral_message(model::PublicationKind kind,
                                            const model::Sender& sender, std::string_view tags,
                                            std::string_view data);

[[nodiscard]] std::optional<model::Offset> parse_offset(std::string_view text);
// {epoch, offset} at the front of a script's answer.
[[nodiscard]] std::optional<model::Position> parse_position(
    std::span<const codec::resp::Reply> elements);
// The entries of kHistory's answer, behind the position.
[[nodiscard]] std::vector<model::Publication> parse_entries(
    std::span<const codec::resp::Reply> elements);

}  // namespace palaver::broker::redis
