// SPDX-License-Identifier: Apache-2.0
// MSG_DONTWAIT makes each send complete while it is submitted, so one system call sends the batch.
#include "bench/limits/uring_batch.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/check.h"

namespace palaver::bench::limits {
namespace {

constexpr unsigned kSubmissionSendsMax = 1024;

}  // namespace

UringBatch::~UringBatch() {
  if (is_open_) io_uring_queue_exit(&ring_);
}

base::Result<void> UringBatch::open() {
  const int result = io_uring_queue_init(kSubmissionSendsMax, &ring_,
                                         IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                             IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL);
  if (result < 0) {
    return base::fail(base::ErrorCode::kSystem, std::string("io_uring: ") + std::strerror(-result));
  }
  is_open_ = true;
  return {};
}

void UringBatch::send_all(std::span<const Send> sends, std::vector<int>& failed) {
  while (!sends.empty()) {
    const std::size_t count = std::min<std::size_t>(sends.size(), kSubmissionSendsMax);
    submit(sends.first(count), failed);
    sends = sends.subspan(count);
  }
}

void UringBatch::submit(std::span<const Send> sends, std::vector<int>& failed) {
  for (std::size_t i = 0; i < sends.size(); ++i) {
    io_uring_sqe* const sqe = io_uring_get_sqe(&ring_);
    CHECK(sqe != nullptr, "the ring holds a whole batch");
    io_uring_prep_send(sqe, sends[i].fd, sends[i].bytes.data(), sends[i].bytes.size(),
                       MSG_DONTWAIT | MSG_NOSIGNAL);
    io_uring_sqe_set_data64(sqe, i);
  }
  std::size_t reaped = 0;
  while (reaped < sends.size()) {
    const int result =
        io_uring_submit_and_wait(&ring_, static_cast<unsigned>(sends.size() - reaped));
    CHECK(result >= 0 || result == -EINTR, "io_uring_submit_and_wait failed");
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      const Send& send = sends[cqe->user_data];
      if (cqe->res != static_cast<int>(send.bytes.size())) failed.push_back(send.fd);
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
    reaped += seen;
  }
}

}  // namespace palaver::bench::limits
