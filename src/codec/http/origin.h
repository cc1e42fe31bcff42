// SPDX-License-Identifier: Apache-2.0
// OriginPolicy: which web pages may open a connection. A browser names the page's origin in the
// Origin header (RFC 6454); without this check any page on the web could connect in its visitor's
// name. Made once from the configuration, immutable, shared by all shards. It guards browsers'
// users only: other programs write into Origin what they like, and are kept out by tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace palaver::codec::http {

enum class OriginVerdict : std::uint8_t {
  kNoOrigin,  // allowed: no browser's page asks
  kSameHost,  // allowed: the page came from the host that it connects to
  kListed,    // allowed by an entry of the list
  kRefused,
};
[[nodiscard]] constexpr bool is_allowed(OriginVerdict verdict) {
  return verdict != OriginVerdict::kRefused;
}

class OriginPolicy {
 public:
  // Pages of the same host only.
  OriginPolicy() = default;

  // Entries: an origin ("https://chat.example.org", with a port where it is not the scheme's own);
  // "https://*.example.org", all names below example.org, without itself; "null", what sandboxed
  // frames and local files send; "*", all. kInvalidArgument names the first entry that is none of
  // these.
  [[nodiscard]] static base::Result<OriginPolicy> create(std::span<const std::string> entries);

  // The values of Origin and Host. Same host means that name and port are equal; a port that is not
  // written is the default of the origin's scheme, because behind a proxy that ends TLS only the
  // page knows the scheme. Only http and https pages have a host to be the same as.
  [[nodiscard]] OriginVerdict judge(std::optional<std::string_view> origin,
                                    std::optional<std::string_view> host) const;

 private:
  struct Pattern {
    std::string scheme;
    std::string host;  // of a wildcard: what names end with, ".example.org"
    std::uint16_t port = 0;
    bool wildcard = false;
  };

  std::vector<Pattern> patterns_;
  bool all_ = false;
  bool null_ = false;
};

}  // namespace palaver::codec::http
