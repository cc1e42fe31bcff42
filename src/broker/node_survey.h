// SPDX-License-Identifier: Apache-2.0
// NodeSurvey: what all nodes say of themselves when one asks. One for the process: any shard calls
// it on its own thread. NodeReporter: the node as it is asked. Contract, held by tests/contract for
// all:
//
//  - A call never completes inside itself. It completes once, on the asking shard, with one report
//    of each node; the asking one's is among them.
//  - A report is as old as the question at most: it shows what its node had done by then.
//  - A node that is silent for kSurveyTimeout is left out.
//  - When the shards have ended, nothing completes any more. Completions pass through other threads
//    and may be destroyed there: they own nothing of their shard.
//  - Errors: kUnavailable: the others could not be asked; kLimit: kSurveysUnderWayMax.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/strong.h"
#include "broker/completion.h"
#include "model/publication.h"

namespace palaver::broker {

struct SurveyQuestion {
  // Set: for the rooms with members whose names fit this pattern of the shell's kind (empty: all).
  // Unset: for the node's numbers.
  std::optional<std::string> rooms;
};

struct NodeReport {
  std::string uid;  // unlike every other node's
  std::string name;
  std::string version;
  // The numbers, if asked for.
  std::uint32_t clients = 0;
  std::uint32_t users = 0;
  std::uint32_t subscriptions = 0;
  std::uint32_t room_count = 0;
  std::uint32_t uptime_seconds = 0;
  // The rooms, if asked for, each with its members on that node; empty if they are too many.
  std::vector<std::pair<model::RoomName, std::uint32_t>> rooms;
  bool too_many_rooms = false;

  friend bool operator==(const NodeReport&, const NodeReport&) = default;
};

class NodeReporter {
 public:
  using ReportDone = std::move_only_function<void(NodeReport)>;

  virtual ~NodeReporter() = default;
  // On the thread of the shard `asker`; `done` comes there, later.
  virtual void report(base::ShardId asker, SurveyQuestion question, ReportDone done) = 0;
};

class NodeSurvey {
 public:
  virtual ~NodeSurvey() = default;
  // In no order.
  virtual void ask(base::ShardId asker, SurveyQuestion question,
                   Completion<std::vector<NodeReport>> done) = 0;
};

}  // namespace palaver::broker
