// SPDX-License-Identifier: Apache-2.0
// The memory presence under the presence contract.
#include "broker/memory/memory_presence.h"

#include <memory>
#include <utility>

#include "broker/memory/presence_node.h"
#include "tests/contract/on_cluster.h"
#include "tests/contract/presence_contract.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::contract {
namespace {

using broker::memory::MemoryPresence;
using broker::memory::PresenceNode;
using support::FakeCluster;

class MemoryPresenceHarness final : public OnCluster<PresenceHarness> {
 public:
  explicit MemoryPresenceHarness(std::unique_ptr<FakeCluster> shards)
      : OnCluster(std::move(shards)), node_(cluster().executors()) {}

  std::unique_ptr<broker::Presence> make_presence(unsigned shard) override {
    return std::make_unique<MemoryPresence>(base::ShardId{shard}, node_);
  }
  // The process is the node: no shard of it dies alone, and the end of an instance is its stop.
  void kill(std::unique_ptr<broker::Presence> presence) override { presence.reset(); }
  void advance(base::Duration by) override { cluster().advance(by); }

 private:
  PresenceNode node_;  // its tasks are in the cluster
};

INSTANTIATE_TEST_SUITE_P(Memory, PresenceContract,
                         (cluster_params<PresenceParam, MemoryPresenceHarness>()), kParamName);

}  // namespace
}  // namespace palaver::tests::contract
