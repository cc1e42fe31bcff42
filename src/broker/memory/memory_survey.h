// SPDX-License-Identifier: Apache-2.0
// MemorySurvey: the NodeSurvey of a process that is alone. app/ owns it: made before the shards
// run, destroyed after they have ended.
#pragma once

#include <utility>
#include <vector>

#include "broker/node_survey.h"

namespace palaver::broker::memory {

class MemorySurvey final : public NodeSurvey {
 public:
  explicit MemorySurvey(NodeReporter& reporter) : reporter_(reporter) {}

  void ask(base::ShardId asker, SurveyQuestion question,
           Completion<std::vector<NodeReport>> done) override {
    reporter_.report(asker, std::move(question),
                     [done = std::move(done)](NodeReport report) mutable {
                       std::vector<NodeReport> reports;
                       reports.push_back(std::move(report));
                       done(std::move(reports));
                     });
  }

 private:
  NodeReporter& reporter_;
};

}  // namespace palaver::broker::memory
