// SPDX-License-Identifier: Apache-2.0
// The memory survey under the node survey contract.
#include "broker/memory/memory_survey.h"

#include <memory>
#include <utility>

#include "tests/contract/node_survey_contract.h"
#include "tests/contract/on_cluster.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::contract {
namespace {

using broker::memory::MemorySurvey;
using support::FakeCluster;

class MemorySurveyHarness final : public OnCluster<NodeSurveyHarness> {
 public:
  explicit MemorySurveyHarness(std::unique_ptr<FakeCluster> shards)
      : OnCluster(std::move(shards)), reporter_("a", cluster().executors()) {}

  unsigned nodes() const override { return 1; }
  FakeReporter& reporter(unsigned /*node*/) override { return reporter_; }
  void ask(unsigned shard, broker::SurveyQuestion question,
           broker::Completion<Reports> done) override {
    survey_.ask(base::ShardId{shard}, std::move(question), std::move(done));
  }
  bool runs(unsigned shard) const override { return cluster().runs(base::ShardId{shard}); }

 private:
  FakeReporter reporter_;
  MemorySurvey survey_{reporter_};
};

INSTANTIATE_TEST_SUITE_P(Memory, NodeSurveyContract,
                         (cluster_params<NodeSurveyParam, MemorySurveyHarness>()), kParamName);

}  // namespace
}  // namespace palaver::tests::contract
