// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/url.h"

#include <boost/url/parse.hpp>
#include <charconv>
#include <string>

namespace palaver::broker::redis {

namespace {

constexpr unsigned kDatabaseMax = 16'383;

std::unexpected<base::Error> wrong(const std::string& what) {
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "expected redis://[user:password@]host[:port][/database], or rediss:// for "
                    "TLS; " +
                        what);
}

}  // namespace

base::Result<RedisUrl> parse_redis_url(std::string_view text) {
  const bool bare = text.find("://") == std::string_view::npos;
  const std::string whole = bare ? "redis://" + std::string(text) : std::string(text);
  const auto url = boost::urls::parse_uri(whole);
  if (!url) return wrong("not an address");
  RedisUrl result;
  if (url->scheme() == "rediss") {
    result.tls = true;
  } else if (url->scheme() != "redis") {
    return wrong("the scheme is another");
  }
  result.endpoint.host = url->host_address();
  if (result.endpoint.host.empty()) return wrong("there is no host");
  if (url->has_port() && !url->port().empty()) {
    // Not port_number(), which takes 99999 for another number.
    const std::string port = url->port();
    const char* const end = port.data() + port.size();
    const auto [rest, error] = std::from_chars(port.data(), end, result.endpoint.port);
    if (error != std::errc() || rest != end || result.endpoint.port == 0) {
      return wrong("the port is not 1 to 65535");
    }
  }
  result.user = url->user();
  result.password = url->password();
  if (result.password.empty() && !result.user.empty()) return wrong("there is no password");
  const std::string path = url->path();
  // Boost takes "h:1x" for a host, a port and the path "x", which RFC 3986 section 3.3 has not.
  if (!path.empty() && path.front() != '/') return wrong("there is something after the host");
  if (path.size() > 1) {
    const char* const begin = path.data() + 1;
    const char* const end = path.data() + path.size();
    const auto [rest, error] = std::from_chars(begin, end, result.database);
    if (error != std::errc() || rest != end || result.database > kDatabaseMax) {
      return wrong("the database is not a number");
    }
  }
  if (url->has_query() || url->has_fragment()) return wrong("there is something after the path");
  return result;
}

}  // namespace palaver::broker::redis
