// SPDX-License-Identifier: Apache-2.0
// Authority: host[:port] as it stands in Host, in an absolute-form target and in an Origin, brought
// to one spelling so that two of them can be compared. Plain values; no name is ever resolved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace palaver::codec::http {

struct Authority {
  // Lower case. An IPv6 address stands in brackets, in the form of RFC 5952.
  std::string host;
  std::optional<std::uint16_t> port;  // as written; a scheme's default port is not filled in
  friend bool operator==(const Authority&, const Authority&) = default;
};

// RFC 3986 section 3.2.2 without what HTTP refuses or nobody needs: user information, an empty
// host, percent-escapes in a name, ports above 65535. nullopt: it is none.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

}  // namespace palaver::codec::http
