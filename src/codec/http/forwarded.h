// SPDX-License-Identifier: Apache-2.0
// Where a request comes from when proxies stand before the server: X-Forwarded-For, read from the
// right as far as the operator trusts it and no further, since everything left of that was written
// by the client. Pure functions; addresses are compared as text in one canonical form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace palaver::codec::http {

struct ClientAddress {
  // IPv4 dotted, IPv6 as RFC 5952 has it; IPv4 inside IPv6 is IPv4.
  std::string address;
  // What limits count by: the address, of IPv6 the network "2001:db8:1:2::/64", of which one
  // customer usually has a whole one.
  std::string group;
  friend bool operator==(const ClientAddress&, const ClientAddress&) = default;
};

// An IP address, tolerated with a port ("1.2.3.4:5", "[::1]:5"), brackets or a zone. nullopt: none.
[[nodiscard]] std::optional<ClientAddress> parse_client_address(std::string_view text);

// `trusted_hops`: how many proxies of the operator's own append to the header; the answer is the
// entry with this number from the right. 0: the header means nothing, the answer is `peer`, the
// socket's address. nullopt: the header is too short or that entry is no address (or, for 0, peer
// is none): the proxies are not what the operator said; the caller counts such a request by its
// peer.
[[nodiscard]] std::optional<ClientAddress> client_address(
    std::optional<std::string_view> forwarded_for, unsigned trusted_hops, std::string_view peer);

}  // namespace palaver::codec::http
