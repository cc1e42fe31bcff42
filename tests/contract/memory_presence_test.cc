// SPDX-License-Identifier: Apache-2.0
// The memory presence under the presence contract: alone, on three shards, and on three shards
// whose tasks run in every order that threads could bring about.
#include "broker/memory/memory_presence.h"

#include <memory>
#include <utility>
#include <vector>

#include "broker/memory/presence_node.h"
#include "tests/contract/presence_contract.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::contract {
namespace {

using broker::memory::MemoryPresence;
using broker::memory::PresenceNode;
using support::FakeCluster;

class MemoryPresenceHarness final : public PresenceHarness {
 public:
  explicit MemoryPresenceHarness(std::unique_ptr<FakeCluster> cluster)
      : cluster_(std::move(cluster)) {
    std::vector<base::Executor*> executors;
    for (unsigned i = 0; i < cluster_->shards(); ++i) executors.push_back(&cluster_->shard(i));
    node_ = std::make_unique<PresenceNode>(executors);
  }

  unsigned shards() const override { return cluster_->shards(); }
  std::unique_ptr<broker::Presence> make_presence(unsigned shard) override {
    return std::make_unique<MemoryPresence>(base::ShardId{shard}, *node_);
  }
  // The process is the node: no shard of it dies alone, and the end of an instance is its stop.
  void kill(std::unique_ptr<broker::Presence> presence) override { presence.reset(); }
  void post(unsigned shard, base::Task task) override {
    cluster_->shard(shard).post(std::move(task));
  }
  bool run_until(const std::function<bool()>& done) override {
    while (!done()) {
      if (!cluster_->run_one()) return false;
    }
    return true;
  }
  void settle() override { cluster_->run_until_idle(); }
  void advance(base::Duration by) override { cluster_->advance(by); }

 private:
  std::unique_ptr<FakeCluster> cluster_;
  std::unique_ptr<PresenceNode> node_;  // its tasks are in the cluster
};

PresenceParam in_order(const char* name, unsigned shards) {
  return {name, [shards] {
            return std::make_unique<MemoryPresenceHarness>(std::make_unique<FakeCluster>(shards));
          }};
}

PresenceParam shuffled(const char* name, unsigned shards, std::uint64_t seed) {
  return {
      name, [shards, seed] {
        return std::make_unique<MemoryPresenceHarness>(std::make_unique<FakeCluster>(shards, seed));
      }};
}

INSTANTIATE_TEST_SUITE_P(Memory, PresenceContract,
                         testing::Values(in_order("OneShard", 1), in_order("ThreeShards", 3),
                                         shuffled("ThreeShuffled1", 3, 1),
                                         shuffled("ThreeShuffled2", 3, 2)),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace palaver::tests::contract
