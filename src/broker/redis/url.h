// SPDX-License-Identifier: Apache-2.0
// Where Redis is, as people write it: redis://[user:password@]host[:port][/database], rediss:// for
// TLS; a bare host or host:port will do. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "broker/redis/options.h"

namespace palaver::broker::redis {

struct RedisUrl {
  Endpoint endpoint;
  std::string user;
  std::string password;
  unsigned database = 0;
  bool tls = false;
  friend bool operator==(const RedisUrl&, const RedisUrl&) = default;
};

// An error never shows the password.
[[nodiscard]] base::Result<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace palaver::broker::redis
