// SPDX-License-Identifier: Apache-2.0
// The memory bus under the node bus contract.
#include "broker/memory/memory_bus.h"

#include <memory>
#include <utility>

#include "tests/contract/node_bus_contract.h"
#include "tests/contract/on_cluster.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::contract {
namespace {

using broker::memory::MemoryBus;
using broker::memory::MemoryBusNode;
using support::FakeCluster;

class MemoryBusHarness final : public OnCluster<NodeBusHarness> {
 public:
  explicit MemoryBusHarness(std::unique_ptr<FakeCluster> shards)
      : OnCluster(std::move(shards)), node_(cluster().executors()) {}

  unsigned node_of(unsigned /*shard*/) const override { return 0; }
  std::unique_ptr<broker::NodeBus> make_bus(unsigned shard, broker::NodeBusSink& sink) override {
    return std::make_unique<MemoryBus>(base::ShardId{shard}, node_, sink);
  }
  bool runs(unsigned shard) const override { return cluster().runs(base::ShardId{shard}); }

 private:
  MemoryBusNode node_;  // its tasks are in the cluster
};

INSTANTIATE_TEST_SUITE_P(Memory, NodeBusContract,
                         (cluster_params<NodeBusParam, MemoryBusHarness>()), kParamName);

}  // namespace
}  // namespace palaver::tests::contract
