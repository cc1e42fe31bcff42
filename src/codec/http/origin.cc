// SPDX-License-Identifier: Apache-2.0
#include "codec/http/origin.h"

#include <algorithm>
#include <utility>

#include "codec/http/authority.h"
#include "codec/http/headers.h"

namespace palaver::codec::http {

namespace {

struct Origin {
  std::string scheme;
  std::string host;
  std::uint16_t port;  // 0: the scheme has no default, and none was written
};

bool is_scheme(std::string_view text) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && letter(text.front()) && std::ranges::all_of(text, [letter](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "http") return 80;
  if (scheme == "https") return 443;
  return 0;
}

// scheme://host[:port] and nothing behind it.
std::optional<Origin> parse_origin(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  std::string scheme = to_lower(text.substr(0, colon));
  if (!is_scheme(scheme)) return std::nullopt;
  auto authority = parse_authority(text.substr(colon + 3));
  if (!authority) return std::nullopt;
  const std::uint16_t port = authority->port.value_or(default_port(scheme));
  return Origin{std::move(scheme), std::move(authority->host), port};
}

bool is_same_host(const Origin& origin, std::string_view host_header) {
  const std::uint16_t assumed = default_port(origin.scheme);
  if (assumed == 0) return false;
  const auto host = parse_authority(host_header);
  return host && host->host == origin.host && host->port.value_or(assumed) == origin.port;
}

}  // namespace

base::Result<OriginPolicy> OriginPolicy::create(std::span<const std::string> entries) {
  static constexpr std::string_view kWildcard = "://*.";
  OriginPolicy policy;
  for (const std::string& entry : entries) {
    if (entry == "*") {
      policy.all_ = true;
      continue;
    }
    if (entry == "null") {
      policy.null_ = true;
      continue;
    }
    // The wildcard is taken out, so that what is left is an origin.
    std::string text = entry;
    const std::size_t wildcard = text.find(kWildcard);
    if (wildcard != std::string::npos) text.erase(wildcard + 3, 2);
    auto origin = parse_origin(text);
    if (!origin || origin->host.contains('*')) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "'" + entry +
                            "' is not an origin: give https://host[:port], https://*.domain, "
                            "null or *");
    }
    if (wildcard != std::string::npos) origin->host.insert(origin->host.begin(), '.');
    policy.patterns_.push_back({std::move(origin->scheme), std::move(origin->host), origin->port,
                                wildcard != std::string::npos});
  }
  return policy;
}

OriginVerdict OriginPolicy::judge(std::optional<std::string_view> origin,
                                  std::optional<std::string_view> host) const {
  if (!origin) return OriginVerdict::kNoOrigin;
  if (*origin == "null") return null_ || all_ ? OriginVerdict::kListed : OriginVerdict::kRefused;
  const auto page = parse_origin(*origin);
  if (page && host && is_same_host(*page, *host)) return OriginVerdict::kSameHost;
  if (all_) return OriginVerdict::kListed;
  if (!page) return OriginVerdict::kRefused;
  const bool listed = std::ranges::any_of(patterns_, [&page](const Pattern& pattern) {
    if (pattern.scheme != page->scheme || pattern.port != page->port) return false;
    if (!pattern.wildcard) return pattern.host == page->host;
    return page->host.size() > pattern.host.size() && page->host.ends_with(pattern.host);
  });
  return listed ? OriginVerdict::kListed : OriginVerdict::kRefused;
}

}  // namespace palaver::codec::http
