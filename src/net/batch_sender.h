// SPDX-License-Identifier: Apache-2.0
// BatchSender: carries out a turn's sends. Two implementations with one behaviour: the io_uring one
// hands up to kSubmissionSendsMax sends to the kernel in one call, the other calls send() for each.
// Both are non-blocking, report each socket's result in its SendOp, and keep no byte and no
// descriptor once send() has returned. Used by one thread; the io_uring one must be made on it.
#pragma once

#include <memory>
#include <span>

#include "base/result.h"
#include "base/send_op.h"

namespace palaver::net {

enum class IoMode { kAuto, kUring, kEpoll };

class BatchSender {
 public:
  virtual ~BatchSender() = default;
  virtual void send(std::span<base::SendOp> ops) = 0;
};

// Whether this kernel (6.1 or newer) and its policy let us use io_uring: makes a ring and really
// sends, to a free socket and to a full one. The error's text has the reason (EPERM under Docker's
// default seccomp profile, ENOSYS under gVisor, …).
[[nodiscard]] base::Result<void> probe_uring();

// kUring or kEpoll; kAuto is for the caller to resolve with probe_uring(). An error only for
// kUring.
[[nodiscard]] base::Result<std::unique_ptr<BatchSender>> make_batch_sender(IoMode mode);

}  // namespace palaver::net
