// SPDX-License-Identifier: Apache-2.0
// Base64 in its two spellings: with padding (RFC 4648 section 4), and with the URL alphabet and
// without padding (section 5, RFC 7515 section 2). Each text has one encoding: bits that a decoder
// would drop must be zero.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace palaver::base {

// Nothing: a character of another alphabet (spaces and line breaks too), an impossible length,
// padding that is missing or elsewhere, or bits left over.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

[[nodiscard]] std::string to_base64url(std::string_view bytes);
// Nothing: a character of another alphabet, an impossible length, or bits left over.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace palaver::base
