// SPDX-License-Identifier: Apache-2.0
// ClusterView: what one node of Redis Cluster says of its cluster, and the redirections of its
// errors (Redis Cluster specification). Of the 16,384 slots only those of our partitions matter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/redis/keys.h"
#include "broker/redis/options.h"

namespace palaver::broker::redis {

struct ClusterView {
  struct Primary {
    Endpoint endpoint;
    std::uint64_t epoch = 0;  // of the configuration: the newer one is right
    PartitionSet partitions;
  };
  std::vector<Primary> primaries;  // that have partitions and are not known to be dead
  std::vector<Endpoint> nodes;     // all that can be asked, the replicas too
};

// An answer to CLUSTER NODES. `asked`: whoever gave it may leave its own host empty. Unset: it is
// none, or names nobody.
[[nodiscard]] std::optional<ClusterView> parse_cluster_nodes(std::string_view text,
                                                             const Endpoint& asked);

// "MOVED 3999 127.0.0.1:6381", or ASK, said by `from`.
struct Redirection {
  unsigned slot = 0;
  Endpoint to;
};
[[nodiscard]] std::optional<Redirection> parse_redirection(std::string_view error,
                                                           const Endpoint& from);

// 0 to 16,383.
[[nodiscard]] unsigned slot_of(unsigned partition);

}  // namespace palaver::broker::redis
