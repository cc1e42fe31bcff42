// SPDX-License-Identifier: Apache-2.0
#include "codec/http/forwarded.h"

#include <algorithm>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include "codec/http/headers.h"

namespace palaver::codec::http {

namespace {

using boost::urls::ipv4_address;
using boost::urls::ipv6_address;

ClientAddress from(const ipv4_address& address) {
  const std::string text = address.to_string();
  return {text, text};
}

ClientAddress from(const ipv6_address& address) {
  auto bytes = address.to_bytes();
  if (address.is_v4_mapped())
    return from(ipv4_address{{bytes[12], bytes[13], bytes[14], bytes[15]}});
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return {address.to_string(), ipv6_address{bytes}.to_string() + "/64"};
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Takes brackets and port away; what is left may still be no address. nullopt: not even that.
std::optional<std::string_view> bare_address(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view behind = text.substr(end + 1);
    if (!behind.empty() && (behind.front() != ':' || !is_port(behind.substr(1)))) {
      return std::nullopt;
    }
    return text.substr(1, end - 1);
  }
  // One colon is a port's, more are IPv6's.
  if (const std::size_t colon = text.find(':'); std::ranges::count(text, ':') == 1) {
    if (!is_port(text.substr(colon + 1))) return std::nullopt;
    return text.substr(0, colon);
  }
  return text;
}

}  // namespace

std::optional<ClientAddress> parse_client_address(std::string_view text) {
  const auto bare = bare_address(trim(text));
  if (!bare) return std::nullopt;
  if (const auto v4 = boost::urls::parse_ipv4_address(*bare)) return from(*v4);
  // A zone (RFC 4007) names an interface of this machine, not another client.
  if (const auto v6 = boost::urls::parse_ipv6_address(bare->substr(0, bare->find('%')))) {
    return from(*v6);
  }
  return std::nullopt;
}

std::optional<ClientAddress> client_address(std::optional<std::string_view> forwarded_for,
                                            unsigned trusted_hops, std::string_view peer) {
  if (trusted_hops == 0) return parse_client_address(peer);
  if (!forwarded_for) return std::nullopt;
  std::string_view entries = *forwarded_for;
  for (unsigned hop = 1;; ++hop) {
    const std::size_t comma = entries.rfind(',');
    const bool first = comma == std::string_view::npos;
    if (hop == trusted_hops)
      return parse_client_address(first ? entries : entries.substr(comma + 1));
    if (first) return std::nullopt;
    entries = entries.substr(0, comma);
  }
}

}  // namespace palaver::codec::http
