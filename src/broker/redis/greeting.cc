// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/greeting.h"

#include <string_view>
#include <vector>

#include "codec/resp/resp.h"

namespace palaver::broker::redis {

std::unique_ptr<net::ClientStream> open_stream(net::Loop& loop, const RedisOptions& options,
                                               const Endpoint& endpoint, base::Duration timeout,
                                               net::ClientStream::Observer& observer) {
  return std::make_unique<net::ClientStream>(loop,
                                             net::ClientStream::Target{.host = endpoint.host,
                                                                       .port = endpoint.port,
                                                                       .timeout = timeout,
                                                                       .tls = options.tls.get()},
                                             observer);
}

std::size_t append_greeting(std::string& out, const RedisOptions& options) {
  std::size_t count = 0;
  const auto say = [&](const std::vector<std::string_view>& command) {
    codec::resp::append_command(out, command);
    ++count;
  };
  if (!options.password.empty()) {
    if (options.user.empty()) {
      say({"AUTH", options.password});
    } else {
      say({"AUTH", options.user, options.password});
    }
  }
  const std::string database = std::to_string(options.database);
  if (options.database != 0) say({"SELECT", database});
  return count;
}

}  // namespace palaver::broker::redis
