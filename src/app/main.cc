// SPDX-License-Identifier: Apache-2.0
// palaver: reads the configuration, wires the parts, serves until it is told to stop. Exit codes:
// 0 after a drain, 1 when serving failed, 2 for a wrong option.
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/backend.h"
#include "app/config.h"
#include "app/embedded_page.h"
#include "app/random.h"
#include "app/token_command.h"
#include "app/version.h"
#include "auth/jwt/token_authenticator.h"
#include "base/check.h"
#include "base/log.h"
#include "broker/redis/pubsub_node.h"
#include "net/cpus.h"
#include "net/loop.h"
#include "server/config.h"
#include "server/node.h"

namespace palaver::app {

namespace {

constexpr int kWrongOption = 2;
constexpr int kFailed = 1;

int wrong_option(const std::string& message) {
  std::fprintf(stderr, "palaver: %s\n", message.c_str());
  return kWrongOption;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "palaver";
  return name.data();
}

base::Logger make_logger(const Config& config) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const auto automatic = terminal ? base::Logger::Format::kText : base::Logger::Format::kJson;
  return base::Logger({.descriptor = STDERR_FILENO,
                       .format = config.log_format.value_or(automatic),
                       .least = config.log_level,
                       .now = net::system_wall_now});
}

base::Result<rooms::Namespaces> make_namespaces(const Config& config) {
  rooms::RoomOptions without = config.without_namespace;
  without.history_size = config.limits.history_entries_max;
  without.history_ttl = config.limits.history_age_max;
  without.history_meta_ttl = config.limits.history_meta_ttl;
  // What the article's payload has no place for is nowhere kept.
  const bool keeps = config.redis.mode == RedisMode::kStreams;
  if (!keeps) without.history_size = 0;
  rooms::Namespaces namespaces(without);
  for (auto [name, options] : config.namespaces) {
    if (!keeps) options.history_size = 0;
    if (!keeps && broker::redis::kReservedRoomPrefix == name + ':') {
      return base::fail(
          base::ErrorCode::kInvalidArgument,
          '"' + name + "\": with redis-mode=pubsub its rooms would be channels of ours");
    }
    if (auto added = namespaces.add(name, options); !added) return std::unexpected(added.error());
  }
  return namespaces;
}

std::unique_ptr<auth::Authenticator> make_authenticator(const Config& config) {
  using auth::jwt::Policy;
  using WithoutToken = auth::jwt::TokenRules::WithoutToken;
  const auto policy = [&](const std::string& key) -> std::optional<Policy> {
    if (key.empty()) return std::nullopt;
    return Policy{.key = key, .audience = config.token_audience, .issuer = config.token_issuer};
  };
  // A server that asks for tokens lets nobody in without one, unless it is told to.
  const bool guests = config.guests.value_or(config.token_key.empty());
  // Without a key of the operator's, a guest is another person after a restart.
  const std::string random_key = std::to_string(random_number()) + std::to_string(random_number());
  return std::make_unique<auth::jwt::TokenAuthenticator>(
      auth::jwt::TokenRules{.connection = policy(config.token_key),
                            .subscription = policy(config.subscription_token_key),
                            .without_token = guests ? WithoutToken::kGuest : WithoutToken::kRefused,
                            .guest_key = config.guest_key.empty() ? random_key : config.guest_key,
                            .insecure = config.insecure});
}

// Options that do not go together.
base::Result<void> check_redis(const RedisConfig& redis) {
  if (redis.mode == RedisMode::kStreams) return {};
  if (!redis.used()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "--redis-mode: pubsub needs --redis-url (or --redis-sentinels)");
  }
  if (redis.replicas_min > 0) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "--redis-min-replicas: with --redis-mode=pubsub nothing is kept that a "
                      "replica could have");
  }
  return {};
}

base::Result<server::ServerConfig> server_config(const Config& config) {
  if (const auto good = check_redis(config.redis); !good) return std::unexpected(good.error());
  auto files = config.web_root.empty() ? server::StaticFiles::from_table(embedded_page())
                                       : server::StaticFiles::load_directory(config.web_root);
  if (!files) {
    return base::fail(files.error().code, "--web-root: " + files.error().message);
  }
  auto namespaces = make_namespaces(config);
  if (!namespaces) {
    return base::fail(namespaces.error().code, "channel.namespaces: " + namespaces.error().message);
  }
  return server::ServerConfig{.limits = config.limits,
                              .origins = config.origins,
                              .trusted_hops = config.trusted_hops,
                              .admin_key = config.admin_key,
                              .api_key = config.api_key,
                              .files = std::move(*files),
                              .namespaces = std::move(*namespaces),
                              .authenticator = make_authenticator(config)};
}

// `auto` takes io_uring where it really works, and says why not.
base::Result<net::IoMode> resolve_io(net::IoMode wanted, const base::Logger& log) {
  if (wanted == net::IoMode::kEpoll) return wanted;
  const auto probe = net::probe_uring();
  if (probe) return net::IoMode::kUring;
  if (wanted == net::IoMode::kUring) {
    return base::fail(probe.error().code, "--io=uring: " + probe.error().message);
  }
  log.info("io_uring is not to be had, sending with send()", {{"reason", probe.error().message}});
  return net::IoMode::kEpoll;
}

int serve(const Config& config) {
  const base::Logger log = make_logger(config);
  const auto server = server_config(config);
  if (!server) return wrong_option(server.error().message);
  if (config.insecure) {
    log.warning("client.insecure is set: everybody may do everything in every room");
  }
  if (config.redis.mode == RedisMode::kPubsub) {
    log.info("redis-mode=pubsub: rooms keep no history, whatever is configured");
  }
  const auto io = resolve_io(config.io, log);
  if (!io) return wrong_option(io.error().message);

  // Declared before the node: its tasks may hold pointers to it until they are destroyed.
  std::unique_ptr<Backend> backend;
  server::Node node({.host = config.host,
                     .port = config.port,
                     .admin_port = config.admin_port,
                     .shards = config.shards != 0 ? config.shards : net::usable_cpus(),
                     .io = *io,
                     .seed = random_number(),
                     .name = host_name(),
                     .version = version_text()},
                    *server, log);
  if (const auto listening = node.listen(); !listening) {
    log.error(listening.error().message);
    return kFailed;
  }
  auto made = make_backend(config, node, server->namespaces, *server->backend, log);
  if (!made) return wrong_option("--redis-url: " + made.error().message);
  backend = std::move(*made);
  log.info("serving", {{"url", "http://localhost:" + std::to_string(node.port())},
                       {"version", version_text()},
                       {"shards", node.shard_count()},
                       {"io", *io == net::IoMode::kUring ? "uring" : "epoll"},
                       {"broker", config.redis.used() ? "redis" : "memory"}});
  const auto served =
      node.run([&](base::ShardId shard, broker::BrokerSink& sink, broker::NodeBusSink& bus_sink) {
        return backend->make(shard, sink, bus_sink);
      });
  backend->close();
  if (!served) {
    log.error(served.error().message);
    return kFailed;
  }
  log.info("stopped");
  return 0;
}

int run(int argc, const char* const* argv) {
  // A log or a peer that went away is an error of a call, not the end of the process.
  (void)std::signal(SIGPIPE, SIG_IGN);
  const auto environment = [](const char* name) {
    return static_cast<const char*>(
        std::getenv(name));  // NOLINT(concurrency-mt-unsafe): one thread
  };
  if (argc > 1 && std::string_view(argv[1]) == "token") {
    const auto token = make_token(argc - 1, argv + 1, environment, net::system_wall_now());
    if (!token) return wrong_option(token.error().message);
    std::puts(token->c_str());
    return 0;
  }
  const auto invocation = read_invocation(argc, argv, environment);
  if (!invocation) return wrong_option(invocation.error().message);
  switch (invocation->action) {
    case Action::kShowText:
      std::fputs(invocation->text.c_str(), stdout);
      return 0;
    case Action::kCheckConfig:
      if (const auto server = server_config(invocation->config); !server) {
        return wrong_option(server.error().message);
      }
      std::puts("the configuration is fine");
      return 0;
    case Action::kServe:
      return serve(invocation->config);
  }
  return kFailed;
}

}  // namespace

}  // namespace palaver::app

int main(int argc, char** argv) { return palaver::app::run(argc, argv); }
