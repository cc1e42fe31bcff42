// SPDX-License-Identifier: Apache-2.0
// What nodes of a cluster say of it: whatever it is, what is taken has an address, and a primary
// has partitions.
#include "broker/redis/cluster_view.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace redis = palaver::broker::redis;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const redis::Endpoint asked{"asked", 1};
  if (const auto view = redis::parse_cluster_nodes(bytes, asked)) {
    CHECK(!view->nodes.empty(), "a view names somebody");
    CHECK(view->primaries.size() <= view->nodes.size(), "a primary is a node");
    for (const redis::Endpoint& node : view->nodes) {
      CHECK(!node.host.empty() && node.port != 0, "a node has an address");
    }
    for (const auto& primary : view->primaries) {
      CHECK(primary.partitions.any(), "a primary has partitions");
    }
  }
  if (const auto redirection = redis::parse_redirection(bytes, asked)) {
    CHECK(!redirection->to.host.empty() && redirection->to.port != 0, "a node has an address");
  }
  return 0;
}
