// SPDX-License-Identifier: Apache-2.0
// Base64 with the URL alphabet and without padding (RFC 4648 section 5, RFC 7515 section 2). Each
// text has one encoding: bits that a decoder would drop must be zero.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace palaver::auth::jwt {

[[nodiscard]] std::string to_base64url(std::string_view bytes);
// Nothing: a character of another alphabet, an impossible length, or bits left over.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace palaver::auth::jwt
