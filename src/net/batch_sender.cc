// SPDX-License-Identifier: Apache-2.0
#include "net/batch_sender.h"

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"

namespace palaver::net {

namespace {

constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

msghdr message_of(const base::SendOp& op) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(op.iov);  // the kernel only reads it
  message.msg_iovlen = op.iov_count;
  return message;
}

class EpollBatchSender final : public BatchSender {
 public:
  void send(std::span<base::SendOp> ops) override {
    for (base::SendOp& op : ops) op.result = send_one(op);
  }

 private:
  static std::int64_t send_one(const base::SendOp& op) {
    while (true) {
      ssize_t sent = 0;
      if (op.iov_count == 0) {
        sent = ::send(op.socket, op.data, op.size, kSendFlags);
      } else {
        const msghdr message = message_of(op);
        sent = ::sendmsg(op.socket, &message, kSendFlags);
      }
      if (sent >= 0) return sent;
      if (errno != EINTR) return -errno;
    }
  }
};

class UringBatchSender final : public BatchSender {
 public:
  static base::Result<std::unique_ptr<BatchSender>> make() {
    auto sender = std::unique_ptr<UringBatchSender>(new UringBatchSender);
    io_uring_params params{};
    // One thread submits and reaps, and completions wait for it: no interrupts between processors.
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL;
    const int error =
        io_uring_queue_init_params(base::kSubmissionSendsMax, &sender->ring_, &params);
    if (error < 0) {
      return base::fail(base::ErrorCode::kSystem,
                        std::string("io_uring_setup: ") + std::strerror(-error));
    }
    sender->ready_ = true;
    return sender;
  }

  ~UringBatchSender() override {
    if (ready_) io_uring_queue_exit(&ring_);
  }
  UringBatchSender(const UringBatchSender&) = delete;
  UringBatchSender& operator=(const UringBatchSender&) = delete;

  void send(std::span<base::SendOp> ops) override {
    while (!ops.empty()) {
      const std::size_t count = std::min(ops.size(), base::kSubmissionSendsMax);
      submit(ops.first(count));
      reap(ops.first(count));
      ops = ops.subspan(count);
    }
  }

 private:
  UringBatchSender() : messages_(base::kSubmissionSendsMax) {}

  void submit(std::span<base::SendOp> ops) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
      base::SendOp& op = ops[i];
      io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
      CHECK(sqe != nullptr, "a batch fits the ring, which is empty between batches");
      if (op.iov_count == 0) {
        io_uring_prep_send(sqe, op.socket, op.data, op.size, kSendFlags);
      } else {
        messages_[i] = message_of(op);
        io_uring_prep_sendmsg(sqe, op.socket, &messages_[i], kSendFlags);
      }
      io_uring_sqe_set_data64(sqe, i);
    }
    std::size_t submitted = 0;
    while (submitted < ops.size()) {
      const auto left = static_cast<unsigned>(ops.size() - submitted);
      const int taken = io_uring_submit_and_wait(&ring_, left);
      if (taken >= 0) {
        submitted += static_cast<std::size_t>(taken);
        continue;
      }
      CHECK(taken == -EINTR || taken == -EAGAIN || taken == -EBUSY,
            "a ring that was probed keeps taking submissions");
    }
  }

  void reap(std::span<base::SendOp> ops) {
    std::size_t reaped = 0;
    while (reaped < ops.size()) {
      io_uring_cqe* cqe = nullptr;
      const int error = io_uring_wait_cqe(&ring_, &cqe);
      if (error == -EINTR || error == -EAGAIN) continue;
      CHECK(error == 0, "every send that was submitted completes");
      unsigned head = 0;
      unsigned seen = 0;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        ops[io_uring_cqe_get_data64(cqe)].result = cqe->res;
        ++seen;
      }
      io_uring_cq_advance(&ring_, seen);
      reaped += seen;
    }
    for (base::SendOp& op : ops) {
      if (op.result == -EINTR) op.result = -EAGAIN;  // nothing was sent; the next turn tries again
    }
  }

  io_uring ring_{};
  bool ready_ = false;
  std::vector<msghdr> messages_;
};

class SocketPair {
 public:
  SocketPair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()) != 0) ends_ = {-1, -1};
  }
  ~SocketPair() {
    for (const int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  [[nodiscard]] int writing_end() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace

base::Result<void> probe_uring() {
  auto sender = UringBatchSender::make();
  if (!sender) return std::unexpected(sender.error());
  const SocketPair pair;
  if (pair.writing_end() < 0) {
    return base::fail(base::ErrorCode::kSystem, std::string("socketpair: ") + std::strerror(errno));
  }
  const std::string bytes(64 * 1024, 'x');
  // A free socket must take the bytes; a full one must say so at once instead of waiting.
  for (int sends = 0; sends < 1024; ++sends) {
    base::SendOp op;
    op.socket = pair.writing_end();
    op.data = bytes.data();
    op.size = bytes.size();
    (*sender)->send({&op, 1});
    if (op.result == -EAGAIN && sends > 0) return {};
    if (op.result <= 0) {
      return base::fail(base::ErrorCode::kSystem, std::string("send by io_uring: ") +
                                                      std::strerror(static_cast<int>(-op.result)));
    }
  }
  return base::fail(base::ErrorCode::kSystem,
                    "send by io_uring: a full socket goes on taking bytes");
}

base::Result<std::unique_ptr<BatchSender>> make_batch_sender(IoMode mode) {
  CHECK(mode != IoMode::kAuto, "the caller resolves auto");
  if (mode == IoMode::kUring) return UringBatchSender::make();
  return std::make_unique<EpollBatchSender>();
}

}  // namespace palaver::net
