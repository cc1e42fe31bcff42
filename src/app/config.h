// SPDX-License-Identifier: Apache-2.0
// Config: everything that the operator can say, checked and complete. Flags come before the
// environment, that before the file, that before the defaults of base/limits.h. Read once, at
// start.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/room_options.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/result.h"
#include "broker/redis/url.h"
#include "codec/http/origin.h"
#include "net/batch_sender.h"
#include "rooms/namespaces.h"

namespace palaver::app {

// kStreams: rooms have an order and a history. kPubsub: what the article's instances speak.
enum class RedisMode : std::uint8_t { kStreams, kPubsub };

// Where Redis is. Unset: the embedded broker.
struct RedisConfig {
  std::optional<broker::redis::RedisUrl> url;
  [[nodiscard]] bool used() const { return url.has_value() || !sentinels.empty(); }
  std::vector<broker::redis::Endpoint> sentinels;  // where they are, the URL's host does not count
  std::string sentinel_primary = "mymaster";
  RedisMode mode = RedisMode::kStreams;
  unsigned replicas_min = 0;
  std::string ca_file;      // empty: the system's
  std::string server_name;  // empty: the certificate may be of any
  std::string certificate_file;
  std::string key_file;
  std::chrono::milliseconds timeout{5'000};
};

struct Config {
  std::string host;
  std::uint16_t port = 8080;
  std::uint16_t admin_port = 0;
  std::string admin_key;
  std::string api_key;
  unsigned shards = 0;  // 0: the CPUs that may be used
  net::IoMode io = net::IoMode::kAuto;
  std::string web_root;  // empty: the page in the binary
  codec::http::OriginPolicy origins;
  // Keys are never shown. Empty: there is none.
  std::string token_key;
  std::string token_audience;
  std::string token_issuer;
  std::string subscription_token_key;
  std::string guest_key;
  std::optional<bool> guests;  // unset: where no token key is set
  bool insecure = false;
  // Of rooms without namespace; its history's bounds are in `limits`.
  rooms::RoomOptions without_namespace;
  NamedOptions namespaces;
  std::optional<unsigned> trusted_hops;
  RedisConfig redis;
  base::Limits limits;
  std::optional<base::Logger::Format> log_format;  // unset: text on a terminal, else JSON
  base::Severity log_level = base::Severity::kInfo;
};

// What the command line asks for beside, or instead of, serving.
enum class Action { kServe, kCheckConfig, kShowText };

struct Invocation {
  Action action = Action::kServe;
  Config config;
  std::string text;  // for kShowText: help or version
};

// The environment as a function, so that tests bring their own.
using Environment = std::function<const char*(const char* name)>;

// Errors name the option as the operator wrote it (--port, PALAVER_PORT, "port" in FILE).
[[nodiscard]] base::Result<Invocation> read_invocation(int argc, const char* const* argv,
                                                       const Environment& environment);

}  // namespace palaver::app
