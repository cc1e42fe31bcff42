// SPDX-License-Identifier: Apache-2.0
// The first commands on every connection to Redis: who we are, and which database.
#pragma once

#include <cstddef>
#include <string>

#include "broker/redis/options.h"

namespace palaver::broker::redis {

// Appends them to `out`; answers how many replies they have. Each is an error or without meaning.
[[nodiscard]] std::size_t append_greeting(std::string& out, const RedisOptions& options);

}  // namespace palaver::broker::redis
