// SPDX-License-Identifier: Apache-2.0
// Backend: what stands behind the node's shards, by the configuration: this process alone, or
// Redis. The only place that names its classes.
#pragma once

#include <memory>

#include "app/config.h"
#include "base/log.h"
#include "base/result.h"
#include "broker/broker.h"
#include "broker/node_bus.h"
#include "rooms/namespaces.h"
#include "server/config.h"
#include "server/node.h"

namespace palaver::app {

class Backend {
 public:
  virtual ~Backend() = default;
  // Before the shards run.
  [[nodiscard]] virtual server::ShardBackend make(base::ShardId shard, broker::BrokerSink& sink,
                                                  broker::NodeBusSink& bus_sink) = 0;
  // After they have ended, while the node is there.
  virtual void close() {}
};

// `node`, `namespaces` and `log` outlive it; the node is destroyed before it. `health` says later
// how it is.
[[nodiscard]] base::Result<std::unique_ptr<Backend>> make_backend(
    const Config& config, server::Node& node, const rooms::Namespaces& namespaces,
    server::BackendHealth& health, const base::Logger& log);

}  // namespace palaver::app
