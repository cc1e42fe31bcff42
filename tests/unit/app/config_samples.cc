// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/app/config_samples.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <sstream>

namespace palaver::app {

Samples samples_of(const Option& option) {
  static const std::map<std::string_view, Samples> kTable = {
      {"port", {"0", "1", "65535", "65536"}},
      {"host", {"127.0.0.1", "::1", "localhost", ""}},
      {"shards", {"1", "2", "256", "257"}},
      {"io", {"uring", "epoll", "epoll", "select"}},
      {"web-root", {"/a", "/b", "/c", ""}},
      {"admin-port", {"1", "2", "65535", "-1"}},
      {"admin-key", {"a", "b", "c", ""}},
      {"allowed-origins",
       {"https://a.example", "https://*.example.org,null", "*", "example.org/path"}},
      {"api-key", {"a", "b", "c", ""}},
      {"token-key", {"a", "b", "c", ""}},
      {"token-audience", {"a", "b", "c", ""}},
      {"token-issuer", {"a", "b", "c", ""}},
      {"subscription-token-key", {"a", "b", "c", ""}},
      {"guests", {"true", "false", "true", "yes"}},
      {"guest-key", {"a", "b", "c", ""}},
      {"insecure", {"true", "false", "true", "1"}},
      {"trusted-hops", {"0", "1", "16", "17"}},
      {"redis-url", {"redis://a", "rediss://u:p@b:1/2", "10.0.0.3:6379", "http://u:secret@a"}},
      {"redis-sentinels", {"a", "a:1,b:2", "c:65535", "redis://a"}},
      {"redis-sentinel-master", {"a", "b", "c", ""}},
      {"redis-mode", {"pubsub", "streams", "pubsub", "lists"}},
      {"redis-min-replicas", {"1", "2", "16", "17"}},
      {"redis-ca-file", {"/a", "/b", "/c", ""}},
      {"redis-server-name", {"a", "b", "c", ""}},
      {"redis-cert-file", {"/a", "/b", "/c", ""}},
      {"redis-key-file", {"/a", "/b", "/c", ""}},
      {"broker-timeout", {"100ms", "1s", "10m", "99ms"}},
      {"connections-max", {"1", "2", "4294967295", "0"}},
      {"connections-per-ip-max", {"0", "1", "4294967295", "4294967296"}},
      {"rooms-max", {"1", "2", "4294967295", "0"}},
      {"handshake-timeout", {"50ms", "1s", "10m", "49ms"}},
      {"http-idle-timeout", {"50ms", "1s", "24h", "86401s"}},
      {"header-bytes-max", {"512", "1K", "1M", "511"}},
      {"message-bytes-max", {"125", "1K", "64M", "65M"}},
      {"messages-per-second", {"0.25", "1", "1000", "0"}},
      {"messages-burst", {"1", "2.5", "1000", "many"}},
      {"outbox-bytes-max", {"4096", "5K", "1024M", "4095"}},
      {"history-entries-max", {"0", "1", "4294967295", "-1"}},
      {"history-age-max", {"1s", "1h", "3650d", "999ms"}},
      {"history-bytes-max", {"1M", "2M", "1024G", "1048575"}},
      {"history-meta-ttl", {"1s", "1h", "3650d", "3651d"}},
      {"ping-interval", {"100ms", "1s", "1h", "99ms"}},
      {"drain", {"0s", "1s", "1h", "3601s"}},
      {"log-format", {"json", "text", "json", "xml"}},
      {"log-level", {"debug", "warn", "error", "loud"}},
  };
  const auto row = kTable.find(option.flag);
  if (row != kTable.end()) return row->second;
  ADD_FAILURE() << "no samples for --" << option.flag;
  return {};
}

std::string text_of(const Config& config) {
  const base::Limits& limits = config.limits;
  std::ostringstream out;
  out.precision(17);
  out << config.host << '|' << config.port << '|' << config.admin_port << '|' << config.admin_key
      << '|' << config.shards << '|' << static_cast<int>(config.io) << '|' << config.web_root << '|'
      << (config.trusted_hops ? std::to_string(*config.trusted_hops) : "unset") << '|'
      << (config.log_format ? static_cast<int>(*config.log_format) : -1) << '|'
      << static_cast<int>(config.log_level) << '|';
  for (const std::string& text :
       {config.api_key, config.token_key, config.token_audience, config.token_issuer,
        config.subscription_token_key, config.guest_key, config.redis.ca_file,
        config.redis.server_name, config.redis.certificate_file, config.redis.key_file}) {
    out << text << '|';
  }
  const auto redis = config.redis.url.value_or(broker::redis::RedisUrl{});
  for (const auto& sentinel : config.redis.sentinels) {
    out << sentinel.host << ':' << sentinel.port << ' ';
  }
  out << config.redis.sentinel_primary << ' ' << config.redis.replicas_min << ' '
      << static_cast<int>(config.redis.mode) << '|';
  out << redis.endpoint.host << ' ' << redis.endpoint.port << ' ' << redis.user << ' '
      << redis.password << ' ' << redis.database << ' ' << redis.tls << '|'
      << config.redis.timeout.count() << '|';
  out << config.insecure << (config.guests ? std::to_string(*config.guests) : "unset") << '|';
  for (const std::string_view origin :
       {"https://a.example", "https://b.example.org", "https://other.example", "null"}) {
    out << is_allowed(config.origins.judge(origin, "server.example")) << ' ';
  }
  out << '|' << limits.connections_max << '|' << limits.connections_per_ip_max << '|'
      << limits.rooms_max << '|' << limits.handshake_timeout.count() << '|'
      << limits.http_idle_timeout.count() << '|' << limits.header_bytes_max << '|'
      << limits.message_bytes_max << '|' << limits.messages_per_second << '|'
      << limits.messages_burst << '|' << limits.outbox_bytes_max << '|'
      << limits.ping_interval.count() << '|' << limits.drain.count() << '|'
      << limits.history_entries_max << '|' << limits.history_age_max.count() << '|'
      << limits.history_bytes_max << '|' << limits.history_meta_ttl.count();
  return out.str();
}

std::string text_with(const Option& option, std::string_view value) {
  Config config;
  const auto applied = option.apply(config, value);
  EXPECT_TRUE(applied) << "--" << option.flag << '=' << value;
  return text_of(config);
}

ConfigFile::ConfigFile(std::string_view text)
    : path_(testing::TempDir() + "palaver_config_XXXXXX") {
  const int file = ::mkstemp(path_.data());
  EXPECT_GE(file, 0);
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written <= 0) {
      ADD_FAILURE() << "cannot write " << path_;
      break;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(file);
}

ConfigFile::~ConfigFile() { ::unlink(path_.c_str()); }

std::string json_at(std::string_view key, std::string_view value) {
  const std::size_t dot = key.find('.');
  const std::string name = "{\"" + std::string(key.substr(0, dot)) + "\":";
  if (dot == std::string_view::npos) return name + std::string(value) + '}';
  return name + json_at(key.substr(dot + 1), value) + '}';
}

base::Result<Invocation> read(const std::vector<std::string>& arguments,
                              const Variables& variables) {
  std::vector<const char*> argv = {"palaver"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return read_invocation(static_cast<int>(argv.size()), argv.data(), [&](const char* name) {
    const auto variable = variables.find(name);
    return variable != variables.end() ? variable->second.c_str() : nullptr;
  });
}

}  // namespace palaver::app
