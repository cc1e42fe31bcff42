// SPDX-License-Identifier: Apache-2.0
// OnCluster: the part of a suite's harness that is the same for all that live in this process: its
// shards are those of a FakeCluster. cluster_params() names the ways in which the suites run them:
// alone, on three shards, and on three shards whose tasks run in every order that threads could
// bring about.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/executor.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::contract {

template <typename Harness>
class OnCluster : public Harness {
 public:
  explicit OnCluster(std::unique_ptr<support::FakeCluster> cluster)
      : cluster_(std::move(cluster)) {}

  unsigned shards() const override { return cluster_->shards(); }
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

 protected:
  [[nodiscard]] support::FakeCluster& cluster() { return *cluster_; }
  [[nodiscard]] const support::FakeCluster& cluster() const { return *cluster_; }

 private:
  std::unique_ptr<support::FakeCluster> cluster_;
};

// `Param` has a name and makes a harness; what `make` gets beside a cluster is the suite's own.
template <typename Param, typename Harness>
auto cluster_params() {
  const auto in_order = [](const char* name, unsigned shards) {
    return Param{name, [shards](const auto&... more) {
                   return std::make_unique<Harness>(std::make_unique<support::FakeCluster>(shards),
                                                    more...);
                 }};
  };
  const auto shuffled = [](const char* name, unsigned shards, std::uint64_t seed) {
    return Param{name, [shards, seed](const auto&... more) {
                   return std::make_unique<Harness>(
                       std::make_unique<support::FakeCluster>(shards, seed), more...);
                 }};
  };
  return testing::Values(in_order("OneShard", 1), in_order("ThreeShards", 3),
                         shuffled("ThreeShuffled1", 3, 1), shuffled("ThreeShuffled2", 3, 2));
}

// The name of a suite's parameter, in the tests' own names.
inline constexpr auto kParamName = [](const auto& param) { return std::string(param.param.name); };

}  // namespace palaver::tests::contract
