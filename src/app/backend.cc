// SPDX-License-Identifier: Apache-2.0
#include "app/backend.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/random.h"
#include "base/check.h"
#include "broker/memory/memory_broker.h"
#include "broker/memory/memory_bus.h"
#include "broker/memory/memory_node.h"
#include "broker/memory/memory_presence.h"
#include "broker/memory/memory_survey.h"
#include "broker/redis/links.h"
#include "broker/redis/pubsub_broker.h"
#include "broker/redis/pubsub_node.h"
#include "broker/redis/redis_broker.h"
#include "broker/redis/redis_bus.h"
#include "broker/redis/redis_node.h"
#include "broker/redis/redis_presence.h"
#include "broker/redis/redis_presence_node.h"
#include "broker/redis/redis_survey.h"
#include "chat/article.h"

namespace palaver::app {

namespace {

// `namespaces` outlives the answer.
broker::BoundsOf bounds_of(const rooms::Namespaces& namespaces) {
  return [&namespaces](const model::RoomName& room) {
    const rooms::RoomOptions* options = namespaces.find(room.value);
    CHECK(options != nullptr, "a room of an unknown namespace is not made");
    return broker::RoomBounds{.entries_max = options->history_size,
                              .age_max = options->history_ttl,
                              .meta_ttl = options->history_meta_ttl};
  };
}

std::vector<base::Executor*> executors_of(server::Node& node) {
  std::vector<base::Executor*> executors;
  executors.reserve(node.shard_count());
  for (unsigned i = 0; i < node.shard_count(); ++i) executors.push_back(&node.loop({i}));
  return executors;
}

class MemoryBackend final : public Backend {
 public:
  MemoryBackend(server::Node& node, const base::Limits& limits, const rooms::Namespaces& namespaces)
      : broker_(services_of(node), {.limits = broker::memory::MemoryBrokerLimits::of(limits),
                                    .bounds_of = bounds_of(namespaces),
                                    .seed = random_number(),
                                    .salt = random_number() % model::kOffsetSaltEnd}),
        presence_(executors_of(node)),
        bus_(executors_of(node)),
        survey_(node) {}

  server::ShardBackend make(base::ShardId shard, broker::BrokerSink& sink,
                            broker::NodeBusSink& bus_sink) override {
    return {.broker = std::make_unique<broker::memory::MemoryBroker>(shard, broker_, sink),
            .presence = std::make_unique<broker::memory::MemoryPresence>(shard, presence_),
            .bus = std::make_unique<broker::memory::MemoryBus>(shard, bus_, bus_sink),
            .survey = &survey_};
  }

 private:
  static std::vector<broker::memory::ShardServices> services_of(server::Node& node) {
    std::vector<broker::memory::ShardServices> services;
    services.reserve(node.shard_count());
    for (unsigned i = 0; i < node.shard_count(); ++i) {
      services.push_back({node.loop({i}), node.loop({i})});
    }
    return services;
  }

  broker::memory::MemoryNode broker_;
  broker::memory::PresenceNode presence_;
  broker::memory::MemoryBusNode bus_;
  broker::memory::MemorySurvey survey_;
};

// What both modes of Redis share.
class RedisBackend : public Backend, private broker::redis::LinksListener {
 public:
  RedisBackend(server::Node& node, broker::redis::RedisOptions options,
               server::BackendHealth& health, const base::Logger& log)
      : health_(health),
        links_(node.loop({0}), std::move(options), random_number(), log),
        presence_(links_, executors_of(node)),
        bus_(links_, executors_of(node)),
        survey_(links_, executors_of(node), node) {
    health_.started = health_.ready = false;
    links_.add(*this);
  }

  server::ShardBackend make(base::ShardId shard, broker::BrokerSink& sink,
                            broker::NodeBusSink& bus_sink) final {
    return {.broker = make_broker(shard, sink),
            .presence = std::make_unique<broker::redis::RedisPresence>(shard, presence_),
            .bus = std::make_unique<broker::redis::RedisBus>(shard, bus_, bus_sink),
            .survey = &survey_};
  }
  void close() final { links_.close(); }

 protected:
  [[nodiscard]] broker::redis::Links& links() { return links_; }

 private:
  [[nodiscard]] virtual std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                                                    broker::BrokerSink& sink) = 0;

  void on_ready(bool ready) override {
    health_.ready = ready;
    if (ready) health_.started = true;
  }

  server::BackendHealth& health_;
  broker::redis::Links links_;
  broker::redis::RedisPresenceNode presence_;
  broker::redis::RedisBusNode bus_;
  broker::redis::RedisSurvey survey_;
};

class StreamsBackend final : public RedisBackend {
 public:
  StreamsBackend(server::Node& node, const rooms::Namespaces& namespaces,
                 broker::redis::RedisOptions options, server::BackendHealth& health,
                 const base::Logger& log)
      : RedisBackend(node, std::move(options), health, log),
        broker_(
            links(), executors_of(node),
            {.bounds_of = bounds_of(namespaces), .salt = random_number() % model::kOffsetSaltEnd}) {
  }

 private:
  std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                              broker::BrokerSink& sink) override {
    return std::make_unique<broker::redis::RedisBroker>(shard, broker_, sink);
  }

  broker::redis::RedisNode broker_;
};

class PubsubBackend final : public RedisBackend {
 public:
  PubsubBackend(server::Node& node, broker::redis::RedisOptions options,
                server::BackendHealth& health, const base::Logger& log)
      : RedisBackend(node, std::move(options), health, log),
        broker_(links(), executors_of(node),
                {.form_of = chat::article_form, .publication_of = chat::from_article}, log) {}

 private:
  std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                              broker::BrokerSink& sink) override {
    return std::make_unique<broker::redis::PubsubBroker>(shard, broker_, sink);
  }

  broker::redis::PubsubNode broker_;
};

base::Result<broker::redis::RedisOptions> redis_options(const Config& config) {
  const broker::redis::RedisUrl url = config.redis.url.value_or(broker::redis::RedisUrl{});
  broker::redis::RedisOptions options;
  options.endpoint = url.endpoint;
  options.user = url.user;
  options.password = url.password;
  options.database = url.database;
  options.sentinels = config.redis.sentinels;
  options.sentinel_primary = config.redis.sentinel_primary;
  options.replicas_min = config.redis.replicas_min;
  options.timeout = config.redis.timeout;
  if (!url.tls) return options;
  auto tls = net::TlsClient::make({.ca_file = config.redis.ca_file,
                                   .server_name = config.redis.server_name,
                                   .certificate_file = config.redis.certificate_file,
                                   .key_file = config.redis.key_file});
  if (!tls) return std::unexpected(tls.error());
  options.tls = std::move(*tls);
  return options;
}

}  // namespace

base::Result<std::unique_ptr<Backend>> make_backend(const Config& config, server::Node& node,
                                                    const rooms::Namespaces& namespaces,
                                                    server::BackendHealth& health,
                                                    const base::Logger& log) {
  if (!config.redis.used()) return std::make_unique<MemoryBackend>(node, config.limits, namespaces);
  auto options = redis_options(config);
  if (!options) return std::unexpected(options.error());
  if (config.redis.mode == RedisMode::kPubsub) {
    return std::make_unique<PubsubBackend>(node, std::move(*options), health, log);
  }
  return std::make_unique<StreamsBackend>(node, namespaces, std::move(*options), health, log);
}

}  // namespace palaver::app
