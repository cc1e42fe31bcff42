// SPDX-License-Identifier: Apache-2.0
// Report: the figures of one run, in the order in which they were added, printed for people and as
// one flat JSON object for script/bench. Names carry their unit. Owned by main().
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bench/load/histogram.h"
#include "bench/load/usage.h"

namespace palaver::bench::load {

class Report {
 public:
  explicit Report(std::string scenario) : scenario_(std::move(scenario)) {}

  void add(std::string name, double value) { figures_.emplace_back(std::move(name), value); }
  // `prefix` with _p50_us, _p99_us and _max_us.
  void add_latency(std::string_view prefix, const Histogram& histogram);
  // What was used, in all and for each of `units` (named `unit`).
  void add_usage(const Usage& usage, std::string_view unit, double units);

  void print() const;
  // `path` "-": standard output.
  [[nodiscard]] base::Result<void> write_json(const std::string& path) const;

 private:
  std::string scenario_;
  std::vector<std::pair<std::string, double>> figures_;
};

}  // namespace palaver::bench::load
