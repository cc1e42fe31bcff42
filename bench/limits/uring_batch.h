// SPDX-License-Identifier: Apache-2.0
// UringBatch: the Sender that hands the kernel up to 1024 sends at one time and reaps them all
// before the next ones. What a server with io_uring cannot beat. Made and used on one thread.
#pragma once

#include <liburing.h>

#include <span>
#include <vector>

#include "base/result.h"
#include "bench/limits/server.h"

namespace palaver::bench::limits {

class UringBatch {
 public:
  UringBatch() = default;
  ~UringBatch();
  UringBatch(const UringBatch&) = delete;
  UringBatch& operator=(const UringBatch&) = delete;

  [[nodiscard]] base::Result<void> open();
  void send_all(std::span<const Send> sends, std::vector<int>& failed);

 private:
  void submit(std::span<const Send> sends, std::vector<int>& failed);

  io_uring ring_{};
  bool is_open_ = false;
};

}  // namespace palaver::bench::limits
