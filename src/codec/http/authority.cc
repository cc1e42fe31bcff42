// SPDX-License-Identifier: Apache-2.0
#include "codec/http/authority.h"

#include <boost/url/authority_view.hpp>
#include <charconv>

#include "codec/http/headers.h"

namespace palaver::codec::http {

namespace {

// Digits only, as the grammar has made sure. An empty port is none (RFC 3986 section 3.2.3).
bool read_port(std::string_view digits, std::optional<std::uint16_t>& port) {
  if (digits.empty()) return true;
  std::uint16_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc{} || rest != end) return false;
  port = number;
  return true;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const auto parsed = boost::urls::parse_authority(text);
  if (!parsed || parsed->has_userinfo()) return std::nullopt;

  Authority authority;
  const std::string_view host = parsed->encoded_host();
  switch (parsed->host_type()) {
    case boost::urls::host_type::ipv6:
      authority.host = '[';
      authority.host += parsed->host_ipv6_address().to_string();
      authority.host += ']';
      break;
    case boost::urls::host_type::ipv4:
    case boost::urls::host_type::name:
      if (host.empty() || host.contains('%')) return std::nullopt;
      authority.host = to_lower(host);
      break;
    default:
      return std::nullopt;
  }
  if (!read_port(parsed->port(), authority.port)) return std::nullopt;
  return authority;
}

}  // namespace palaver::codec::http
