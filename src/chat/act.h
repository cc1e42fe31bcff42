// SPDX-License-Identifier: Apache-2.0
// Act: what somebody does in a room by publishing, as the chat understands it. Data that is not the
// chat's is opaque and passes; what claims to be the chat's has to be well-formed. Pure functions.
//
//   message {id?, text, reply?}   also without "kind"
//   edit    {id?, target, text}
//   delete  {id?, target}
//   react   {id?, target, emoji, on}
//   typing  {}
//   gone    {}                    what a deleted entry holds; the server's alone
//
// `target` and `reply` are offsets. What else an object holds passes with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "codec/wire/codes.h"
#include "codec/wire/raw_json.h"
#include "model/position.h"

namespace palaver::chat {

inline constexpr std::size_t kTextBytesMax = 8 * 1024;
inline constexpr std::size_t kEmojiBytesMax = 32;

enum class Kind : std::uint8_t { kOpaque, kMessage, kEdit, kDelete, kReact, kTyping, kGone };

struct Act {
  Kind kind = Kind::kOpaque;
  std::string id;        // 1 to 64 bytes, or empty: there is none
  model::Offset target;  // of edit, delete and react
};

// What an object claims to be.
[[nodiscard]] Kind kind_of(codec::wire::RawJson object);

// What a deleted entry holds from then on.
inline constexpr std::string_view kGoneData = R"({"kind":"gone"})";

// `data` is a JSON text. An error: it claims to be the chat's and breaks a rule.
[[nodiscard]] std::expected<Act, codec::wire::CommandError> read_act(std::string_view data);

}  // namespace palaver::chat
