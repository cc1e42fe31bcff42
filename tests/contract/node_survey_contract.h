// SPDX-License-Identifier: Apache-2.0
// NodeSurveyContract: what node_survey.h promises, as tests that every implementation passes. A new
// one brings a NodeSurveyHarness and one INSTANTIATE_TEST_SUITE_P. The suite is single-threaded: a
// harness runs its shards in turn, inside run_until() and settle().
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/executor.h"
#include "broker/node_survey.h"
#include "tests/contract/answer.h"

namespace palaver::tests::contract {

// A node that says what the test tells it to, and notes what it was asked.
class FakeReporter final : public broker::NodeReporter {
 public:
  FakeReporter(std::string uid, std::vector<base::Executor*> shards) : shards_(std::move(shards)) {
    says.uid = std::move(uid);
  }

  void report(base::ShardId asker, broker::SurveyQuestion question, ReportDone done) override {
    asked.push_back(std::move(question));
    if (silent) {
      held.push_back(std::move(done));
      return;
    }
    shards_[asker.value]->post(
        [report = says, done = std::move(done)]() mutable { done(std::move(report)); });
  }

  broker::NodeReport says;
  std::vector<broker::SurveyQuestion> asked;
  bool silent = false;
  std::vector<ReportDone> held;

 private:
  const std::vector<base::Executor*> shards_;
};

// Shards of one node or of several, which know each other.
class NodeSurveyHarness {
 public:
  virtual ~NodeSurveyHarness() = default;
  [[nodiscard]] virtual unsigned shards() const = 0;
  [[nodiscard]] virtual unsigned nodes() const = 0;
  [[nodiscard]] virtual FakeReporter& reporter(unsigned node) = 0;
  // Asks from this shard, in a task of it.
  virtual void ask(unsigned shard, broker::SurveyQuestion question,
                   broker::Completion<std::vector<broker::NodeReport>> done) = 0;
  // Whether a task of this shard runs now.
  [[nodiscard]] virtual bool runs(unsigned shard) const = 0;
  // Runs `task` on the shard, later.
  virtual void post(unsigned shard, base::Task task) = 0;
  // Runs all shards until `done`; false when that takes too long.
  [[nodiscard]] virtual bool run_until(const std::function<bool()>& done) = 0;
  // Runs all shards for as long as anything that is under way may take.
  virtual void settle() = 0;
};

struct NodeSurveyParam {
  const char* name;
  std::function<std::unique_ptr<NodeSurveyHarness>()> make;
  friend std::ostream& operator<<(std::ostream& out, const NodeSurveyParam& p) {
    return out << p.name;
  }
};

using Reports = std::vector<broker::NodeReport>;

// Asks from `shard` and waits for the answer, in the order of the uids.
base::Result<Reports> answer_to(NodeSurveyHarness& harness, unsigned shard,
                                const broker::SurveyQuestion& question);
// What all nodes say now, in that order.
[[nodiscard]] Reports said(NodeSurveyHarness& harness);

class NodeSurveyContract : public testing::TestWithParam<NodeSurveyParam> {
 protected:
  void SetUp() override { harness_ = GetParam().make(); }
  // What comes twice, or too late, has come by then.
  void TearDown() override { harness_->settle(); }

  [[nodiscard]] NodeSurveyHarness& harness() { return *harness_; }

 private:
  std::unique_ptr<NodeSurveyHarness> harness_;
};

}  // namespace palaver::tests::contract
