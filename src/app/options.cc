// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "app/values.h"

namespace palaver::app {

namespace {

using base::Limits;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Applied = base::Result<void>;

constexpr std::uint64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();
constexpr milliseconds kDay = hours{24};
constexpr std::size_t kMebibyte = std::size_t{1} << 20;

template <auto Member>
Applied set_port(Config& config, std::string_view text) {
  const auto port = parse_number(text, 0, 65535);
  if (!port) return std::unexpected(port.error());
  config.*Member = static_cast<std::uint16_t>(*port);
  return {};
}

template <auto Member>
Applied set_text(Config& config, std::string_view text) {
  config.*Member = text;
  return {};
}

template <auto Member, std::uint64_t least>
Applied set_count(Config& config, std::string_view text) {
  const auto count = parse_number(text, least, kUint32Max);
  if (!count) return std::unexpected(count.error());
  config.limits.*Member = static_cast<std::uint32_t>(*count);
  return {};
}

template <auto Member, std::size_t least, std::size_t most>
Applied set_bytes(Config& config, std::string_view text) {
  const auto bytes = parse_bytes(text, least, most);
  if (!bytes) return std::unexpected(bytes.error());
  config.limits.*Member = *bytes;
  return {};
}

template <auto Member, milliseconds::rep least, milliseconds::rep most>
Applied set_duration(Config& config, std::string_view text) {
  const auto duration = parse_duration(text, milliseconds{least}, milliseconds{most});
  if (!duration) return std::unexpected(duration.error());
  config.limits.*Member = *duration;
  return {};
}

template <auto Member>
Applied set_rate(Config& config, std::string_view text) {
  const auto rate = parse_rate(text);
  if (!rate) return std::unexpected(rate.error());
  config.limits.*Member = *rate;
  return {};
}

template <typename T, std::size_t N>
base::Result<T> choose(std::string_view text,
                       const std::array<std::pair<std::string_view, T>, N>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
    names += names.empty() ? "" : ", ";
    names += name;
  }
  return base::fail(base::ErrorCode::kInvalidArgument, "expected one of " + names);
}

Applied set_shards(Config& config, std::string_view text) {
  if (text == "auto") {
    config.shards = 0;
    return {};
  }
  const auto shards = parse_number(text, 1, 256);
  if (!shards) return std::unexpected(shards.error());
  config.shards = static_cast<unsigned>(*shards);
  return {};
}

Applied set_bool(bool& into, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, bool>, 2> kValues{
      {{"true", true}, {"false", false}}};
  const auto value = choose(text, kValues);
  if (!value) return std::unexpected(value.error());
  into = *value;
  return {};
}

Applied set_insecure(Config& config, std::string_view text) {
  return set_bool(config.insecure, text);
}

Applied set_guests(Config& config, std::string_view text) {
  return set_bool(config.guests.emplace(), text);
}

Applied set_io(Config& config, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, net::IoMode>, 3> kModes{
      {{"auto", net::IoMode::kAuto},
       {"uring", net::IoMode::kUring},
       {"epoll", net::IoMode::kEpoll}}};
  const auto mode = choose(text, kModes);
  if (!mode) return std::unexpected(mode.error());
  config.io = *mode;
  return {};
}

Applied set_origins(Config& config, std::string_view text) {
  const std::vector<std::string> entries = parse_list(text);
  auto origins = codec::http::OriginPolicy::create(entries);
  if (!origins) return std::unexpected(origins.error());
  config.origins = std::move(*origins);
  return {};
}

Applied set_hops(Config& config, std::string_view text) {
  const auto hops = parse_number(text, 0, 16);
  if (!hops) return std::unexpected(hops.error());
  config.trusted_hops = static_cast<unsigned>(*hops);
  return {};
}

Applied set_log_format(Config& config, std::string_view text) {
  using Format = base::Logger::Format;
  static constexpr std::array<std::pair<std::string_view, int>, 3> kFormats{
      {{"auto", -1},
       {"json", static_cast<int>(Format::kJson)},
       {"text", static_cast<int>(Format::kText)}}};
  const auto format = choose(text, kFormats);
  if (!format) return std::unexpected(format.error());
  config.log_format.reset();
  if (*format >= 0) config.log_format = static_cast<Format>(*format);
  return {};
}

Applied set_log_level(Config& config, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, base::Severity>, 4> kLevels{
      {{"debug", base::Severity::kDebug},
       {"info", base::Severity::kInfo},
       {"warn", base::Severity::kWarning},
       {"error", base::Severity::kError}}};
  const auto level = choose(text, kLevels);
  if (!level) return std::unexpected(level.error());
  config.log_level = *level;
  return {};
}

Applied set_redis_url(Config& config, std::string_view text) {
  auto url = broker::redis::parse_redis_url(text);
  if (!url) return std::unexpected(url.error());
  config.redis.url = std::move(*url);
  return {};
}

Applied set_redis_mode(Config& config, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, RedisMode>, 2> kModes{
      {{"streams", RedisMode::kStreams}, {"pubsub", RedisMode::kPubsub}}};
  const auto mode = choose(text, kModes);
  if (!mode) return std::unexpected(mode.error());
  config.redis.mode = *mode;
  return {};
}

template <auto Member>
Applied set_redis_text(Config& config, std::string_view text) {
  config.redis.*Member = text;
  return {};
}

Applied set_sentinels(Config& config, std::string_view text) {
  config.redis.sentinels.clear();
  for (const std::string& each : parse_list(text)) {
    const auto url = broker::redis::parse_redis_url(each);
    if (!url || each.find_first_of("/@") != std::string::npos) {
      return base::fail(base::ErrorCode::kInvalidArgument, "expected host:port, with commas");
    }
    config.redis.sentinels.push_back(url->endpoint);
  }
  return {};
}

Applied set_replicas(Config& config, std::string_view text) {
  const auto replicas = parse_number(text, 0, 16);
  if (!replicas) return std::unexpected(replicas.error());
  config.redis.replicas_min = static_cast<unsigned>(*replicas);
  return {};
}

Applied set_redis_timeout(Config& config, std::string_view text) {
  const auto duration = parse_duration(text, milliseconds{100}, milliseconds{600'000});
  if (!duration) return std::unexpected(duration.error());
  config.redis.timeout = *duration;
  return {};
}

constexpr std::string_view kServing = "Serving";
constexpr std::string_view kRedis = "Redis";
constexpr std::string_view kAccess = "Who may connect";
constexpr std::string_view kBounds = "Bounds";
constexpr std::string_view kHistory = "History";
constexpr std::string_view kRunning = "Running";

constexpr std::array kServingOptions{
    Option{"port", "http_server.port", "PORT", "8080", kServing,
           "Port of the chat; 0 takes a free one. The environment's PORT works too.",
           set_port<&Config::port>},
    Option{"host", "http_server.address", "ADDRESS", "all", kServing,
           "Address to listen on. Without it: all, IPv4 and IPv6.", set_text<&Config::host>},
    Option{"shards", "shards", "N", "auto", kServing,
           "Threads. auto: the CPUs that affinity and the cgroup allow.", set_shards},
    Option{"io", "io", "MODE", "auto", kServing,
           "How messages are sent: uring, epoll, or auto (uring where it works).", set_io},
    Option{"web-root", "web_root", "DIR", "built in", kServing,
           "Folder of the page, read at start, instead of the one in the binary.",
           set_text<&Config::web_root>},
    Option{"admin-port", "http_server.internal_port", "PORT", "none", kServing,
           "Second port for /metrics, /health, /ready and /startup.",
           set_port<&Config::admin_port>},
    Option{"admin-key", "admin_key", "KEY", "none", kServing,
           "Opens /metrics on the chat's port to `Authorization: Bearer KEY`.",
           set_text<&Config::admin_key>},
    Option{"api-key", "http_api.key", "KEY", "none", kServing,
           "Opens the HTTP API at /api/ to requests with this key (X-API-Key).",
           set_text<&Config::api_key>},
    Option{"allowed-origins", "client.allowed_origins", kListValue, "own host", kAccess,
           "Web origins, with commas, that may connect beside the server's own host; "
           "https://*.example.org, null and * are possible.",
           set_origins},
    Option{"token-key", "client.token.hmac_secret_key", "KEY", "none", kAccess,
           "Key of the tokens (JWT, HMAC) that your backend signs for its users.",
           set_text<&Config::token_key>},
    Option{"token-audience", "client.token.audience", "TEXT", "any", kAccess,
           "What a token's `aud` has to name.", set_text<&Config::token_audience>},
    Option{"token-issuer", "client.token.issuer", "TEXT", "any", kAccess,
           "What a token's `iss` has to be.", set_text<&Config::token_issuer>},
    Option{"subscription-token-key", "client.subscription_token.hmac_secret_key", "KEY",
           "the token-key", kAccess, "Key of the tokens that let a user into one room.",
           set_text<&Config::subscription_token_key>},
    Option{"guests", "client.allow_anonymous_connect_without_token", kBoolValue,
           "without token-key", kAccess,
           "Whether somebody without a token may come: true or false.", set_guests},
    Option{"guest-key", "client.guest_key", "KEY", "random", kAccess,
           "Signs what guests keep to come back as the same person; the same on all nodes.",
           set_text<&Config::guest_key>},
    Option{"insecure", "client.insecure", kBoolValue, "false", kAccess,
           "true: everybody may do everything, whatever else is set. For development.",
           set_insecure},
    Option{"trusted-hops", "trusted_hops", "N", "unknown", kAccess,
           "Proxies of yours in front, which append to X-Forwarded-For; 0: none. Without it "
           "nothing is counted by address.",
           set_hops},
};

constexpr std::array kRedisOptions{
    Option{"redis-url", "engine.redis.address", kUrlValue, "none", kRedis,
           "Where nodes meet: redis://[user:password@]host[:port][/database], rediss:// for TLS. "
           "The environment's REDIS_HOST works too. Without it this process is alone.",
           set_redis_url},
    Option{"redis-sentinels", "engine.redis.sentinel_address", kListValue, "none", kRedis,
           "Sentinels, host:port, that say which Redis is the primary; --redis-url then tells only "
           "user, password, database and TLS.",
           set_sentinels},
    Option{"redis-sentinel-master", "engine.redis.sentinel_master_name", "NAME", "mymaster", kRedis,
           "What the sentinels call the primary.", set_redis_text<&RedisConfig::sentinel_primary>},
    Option{"redis-mode", "redis_mode", "MODE", "streams", kRedis,
           "streams, or pubsub: as the article's Python instances talk, beside them and without "
           "history.",
           set_redis_mode},
    Option{"redis-min-replicas", "redis_min_replicas", "N", "0", kRedis,
           "Replicas that must have a message before its sender is told that it is there.",
           set_replicas},
    Option{"redis-ca-file", "engine.redis.tls.server_ca_pem_file", "FILE", "system", kRedis,
           "CA that the certificate of Redis is checked against, and no other.",
           set_redis_text<&RedisConfig::ca_file>},
    Option{"redis-server-name", "engine.redis.tls.server_name", "NAME", "any", kRedis,
           "Name that the certificate of Redis has to have.",
           set_redis_text<&RedisConfig::server_name>},
    Option{"redis-cert-file", "engine.redis.tls.cert_pem_file", "FILE", "none", kRedis,
           "Our certificate, for a Redis that asks for one.",
           set_redis_text<&RedisConfig::certificate_file>},
    Option{"redis-key-file", "engine.redis.tls.key_pem_file", "FILE", "none", kRedis, "Its key.",
           set_redis_text<&RedisConfig::key_file>},
    Option{"broker-timeout", "broker_timeout", "TIME", "5s", kRedis,
           "How long a message may wait for a Redis that is away; then its sender is told.",
           set_redis_timeout},
};

constexpr std::array kBoundOptions{
    Option{"connections-max", "client.connection_limit", "N", "100000", kBounds,
           "Connections. Beyond: 503.", set_count<&Limits::connections_max, 1>},
    Option{"connections-per-ip-max", "connections_per_ip_max", "N", "256", kBounds,
           "Connections of one address, with --trusted-hops; 0: no bound. Beyond: 429.",
           set_count<&Limits::connections_per_ip_max, 0>},
    Option{"rooms-max", "rooms_max", "N", "1000000", kBounds, "Rooms with members. Beyond: 503.",
           set_count<&Limits::rooms_max, 1>},
    Option{"handshake-timeout", "handshake_timeout", "TIME", "10s", kBounds,
           "From accept to a whole request, and for the handshake.",
           set_duration<&Limits::handshake_timeout, 50, 600'000>},
    Option{"http-idle-timeout", "http_idle_timeout", "TIME", "60s", kBounds,
           "A kept-alive HTTP connection without a request.",
           set_duration<&Limits::http_idle_timeout, 50, 86'400'000>},
    Option{"header-bytes-max", "header_bytes_max", "BYTES", "16K", kBounds,
           "Request line and headers. Beyond: 431.",
           set_bytes<&Limits::header_bytes_max, 512, kMebibyte>},
    Option{"message-bytes-max", "websocket.message_size_limit", "BYTES", "64K", kBounds,
           "One message. Beyond: close 1009.",
           set_bytes<&Limits::message_bytes_max, 125, 64 * kMebibyte>},
    Option{"messages-per-second", "messages_per_second", "RATE", "20", kBounds,
           "Messages of one connection. Beyond: close 1008.",
           set_rate<&Limits::messages_per_second>},
    Option{"messages-burst", "messages_burst", "N", "100", kBounds,
           "Messages that one connection may send at once.", set_rate<&Limits::messages_burst>},
    Option{"outbox-bytes-max", "client.queue_max_size", "BYTES", "1M", kBounds,
           "What a slow member may owe. Beyond: close 1008.",
           set_bytes<&Limits::outbox_bytes_max, 4096, 1024 * kMebibyte>},
    Option{"history-entries-max", "channel.without_namespace.history_size", "N", "1000", kHistory,
           "Messages kept of each room; 0: none.", set_count<&Limits::history_entries_max, 0>},
    Option{"history-age-max", "channel.without_namespace.history_ttl", "TIME", "7d", kHistory,
           "How long they are kept.",
           set_duration<&Limits::history_age_max, 1'000, 3650 * kDay.count()>},
    Option{"history-bytes-max", "history_bytes_max", "BYTES", "256M", kHistory,
           "Memory for all history of the node; the oldest goes first.",
           set_bytes<&Limits::history_bytes_max, kMebibyte, 1024 * 1024 * kMebibyte>},
    Option{"history-meta-ttl", "channel.without_namespace.history_meta_ttl", "TIME", "30d",
           kHistory, "How long a room that is empty keeps its place in its order.",
           set_duration<&Limits::history_meta_ttl, 1'000, 3650 * kDay.count()>},
};

constexpr std::array kRunningOptions{
    Option{"ping-interval", "ping_interval", "TIME", "25s", kRunning,
           "A ping to every member; who misses one is gone.",
           set_duration<&Limits::ping_interval, 100, 3'600'000>},
    Option{"drain", "shutdown.timeout", "TIME", "8s", kRunning,
           "From SIGTERM to the end: members leave evenly, the last second is for their replies.",
           set_duration<&Limits::drain, 0, 3'600'000>},
    Option{"log-format", "log.format", "FORMAT", "auto", kRunning,
           "json, text, or auto (text on a terminal).", set_log_format},
    Option{"log-level", "log.level", "LEVEL", "info", kRunning, "debug, info, warn or error.",
           set_log_level},
};

template <std::size_t... Sizes>
consteval auto joined(const std::array<Option, Sizes>&... groups) {
  std::array<Option, (Sizes + ...)> all;
  auto end = all.begin();
  ((end = std::ranges::copy(groups, end).out), ...);
  return all;
}
constexpr std::array kOptions =
    joined(kServingOptions, kRedisOptions, kBoundOptions, kRunningOptions);

}  // namespace

std::span<const Option> options() { return kOptions; }

std::string environment_name(const Option& option) {
  std::string name = "PALAVER_";
  for (const char letter : option.flag) {
    name += letter == '-' ? '_' : static_cast<char>(letter - 'a' + 'A');
  }
  return name;
}

}  // namespace palaver::app
