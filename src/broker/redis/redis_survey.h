// SPDX-License-Identifier: Apache-2.0
// RedisSurvey: the NodeSurvey of nodes that meet through Redis. A question goes out on one channel
// that all nodes listen to; Redis says how many it reached, and each of them answers on the asking
// node's own channel. So a dead node is not waited for, and one that hangs no longer than
// kSurveyTimeout. The node asks itself without Redis.
//
// All of it happens on the loop of the Links, shard 0's. app/ owns it: made before the shards run,
// destroyed after they have ended.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/executor.h"
#include "base/strong.h"
#include "broker/node_survey.h"
#include "broker/redis/links.h"

namespace palaver::broker::redis {

class RedisSurvey final : public NodeSurvey, private LinksListener {
 public:
  // All outlive the node's last task.
  RedisSurvey(Links& links, std::span<base::Executor* const> shards, NodeReporter& reporter);
  RedisSurvey(const RedisSurvey&) = delete;
  RedisSurvey& operator=(const RedisSurvey&) = delete;

  void ask(base::ShardId asker, SurveyQuestion question,
           Completion<std::vector<NodeReport>> done) override;

 private:
  using Reply = base::Result<codec::resp::Reply>;
  using Reports = std::vector<NodeReport>;
  using Id = std::uint32_t;
  // Of this node, under way.
  struct Survey {
    base::ShardId asker;
    Completion<Reports> done;
    Reports reports = {};
    std::optional<std::size_t> reached = {};  // nodes, by Redis: this one too, if it is subscribed
    bool own_report = false;
    bool own_question = false;  // came by Redis: this node is among those that it reached
  };

  void on_message(const std::string& channel, std::string_view message) override;

  void open();
  void begin(base::ShardId asker, SurveyQuestion question, Completion<Reports> done);
  void on_published(Id id, const Reply& reached);
  void on_question(std::string_view message);
  void on_report(std::string_view message);
  // Answers if nobody is missing.
  void check(Id id);
  void expire(Id id);
  void finish(Id id, base::Result<Reports> result);
  void answer(base::ShardId asker, Completion<Reports> done, base::Result<Reports> result);

  Links& links_;
  const std::vector<base::Executor*> shards_;
  NodeReporter& reporter_;
  const std::string questions_;  // the channel of all nodes
  const std::string reports_;    // and this one's
  std::unordered_map<Id, Survey> surveys_;
  Id last_id_ = 0;
};

}  // namespace palaver::broker::redis
