// SPDX-License-Identifier: Apache-2.0
// Progress: one line on standard error that is rewritten while a run goes on, and wiped at its end.
// Only on a terminal; elsewhere it is silent. Owned by the driver.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/histogram.h"

namespace palaver::bench::load {

class Progress {
 public:
  explicit Progress(std::string name);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const char* phase, std::uint64_t connections, std::uint64_t deliveries, Nanos now);

 private:
  std::string name_;
  bool on_terminal_;
  std::uint64_t last_deliveries_ = 0;
  Nanos last_shown_ = 0;
};

}  // namespace palaver::bench::load
