// SPDX-License-Identifier: Apache-2.0
// BatchSender in both modes on real sockets, in every state that a socket can be in. The tests are
// the same for both; where the kernel forbids io_uring its half is skipped, with the reason.
#include "net/batch_sender.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "net/socket_options.h"
#include "tests/unit/net/sockets.h"

namespace palaver::net {
namespace {

using base::SendOp;

SendOp op_of(int socket, std::string_view bytes) {
  SendOp op;
  op.socket = socket;
  op.data = bytes.data();
  op.size = bytes.size();
  return op;
}

SendOp op_of(int socket, const std::vector<iovec>& pieces) {
  SendOp op;
  op.socket = socket;
  op.iov_count = static_cast<std::uint32_t>(pieces.size());
  op.iov = pieces.data();
  for (const iovec& piece : pieces) op.size += piece.iov_len;
  return op;
}

// `bytes` in pieces of `piece_bytes`.
std::vector<iovec> pieces_of(std::string_view bytes, std::size_t piece_bytes) {
  std::vector<iovec> pieces;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    pieces.push_back({const_cast<char*>(piece.data()), piece.size()});
    bytes.remove_prefix(piece.size());
  }
  return pieces;
}

std::string numbers(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i) + ' ';
  text.resize(bytes);
  return text;
}

// A number that names no descriptor.
int closed_descriptor() {
  const int number = ::dup(STDERR_FILENO);
  ::close(number);
  return number;
}

class BatchSenderTest : public testing::TestWithParam<IoMode> {
 protected:
  void SetUp() override {
    if (GetParam() == IoMode::kUring) {
      const auto probe = probe_uring();
      if (!probe) GTEST_SKIP() << "no io_uring here: " << probe.error().message;
    }
    auto sender = make_batch_sender(GetParam());
    ASSERT_TRUE(sender) << sender.error().message;
    sender_ = std::move(*sender);
  }

  std::int64_t send(SendOp op) {
    sender_->send({&op, 1});
    return op.result;
  }

  std::unique_ptr<BatchSender> sender_;
};

TEST_P(BatchSenderTest, NoOpsAreFine) { sender_->send({}); }

TEST_P(BatchSenderTest, AFreeSocketTakesAll) {
  for (Pair& pair : std::array{local_pair(), tcp_pair()}) {
    EXPECT_EQ(send(op_of(pair.near.get(), "hello")), 5);
    EXPECT_TRUE(wait_for(pair.far.get(), POLLIN));
    EXPECT_EQ(read_now(pair.far.get()), "hello");
    const std::string bytes = numbers(300);
    EXPECT_EQ(send(op_of(pair.near.get(), pieces_of(bytes, 7))), 300);
    EXPECT_TRUE(wait_for(pair.far.get(), POLLIN));
    EXPECT_EQ(read_now(pair.far.get()), bytes);
  }
}

TEST_P(BatchSenderTest, AFullSocketSaysSoAtOnce) {
  for (Pair& pair : std::array{local_pair(), tcp_pair()}) {
    fill(pair.near.get());
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(send(op_of(pair.near.get(), "more")), -EAGAIN);
    const std::string bytes = numbers(100);
    EXPECT_EQ(send(op_of(pair.near.get(), pieces_of(bytes, 10))), -EAGAIN);
    // Far less on an idle machine; a send that waits would never end.
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{5});
  }
}

TEST_P(BatchSenderTest, ASocketWithRoomAgainGoesOn) {
  const Pair pair = local_pair();
  fill(pair.near.get());
  EXPECT_EQ(send(op_of(pair.near.get(), "more")), -EAGAIN);
  (void)read_now(pair.far.get());
  EXPECT_EQ(send(op_of(pair.near.get(), "more")), 4);
  EXPECT_EQ(read_now(pair.far.get()), "more");
}

// One stream, in pieces of `piece_bytes` or (0) without, in sends that the socket cuts wherever it
// is full: nothing lost, nothing twice.
void stream_through(BatchSender& sender, const Pair& pair, std::size_t piece_bytes) {
  set_buffers(pair, 16 * 1024);
  const std::string bytes = numbers(1'000'003);
  std::string received;
  std::size_t sent = 0;
  std::size_t cuts = 0;
  while (sent < bytes.size()) {
    const std::string_view rest = std::string_view(bytes).substr(sent, 256 * 1024);
    const auto pieces = pieces_of(rest, piece_bytes == 0 ? rest.size() : piece_bytes);
    SendOp op = piece_bytes == 0 ? op_of(pair.near.get(), rest) : op_of(pair.near.get(), pieces);
    sender.send({&op, 1});
    if (op.result == -EAGAIN) {
      ASSERT_TRUE(wait_for(pair.far.get(), POLLIN));
      received += read_now(pair.far.get());
      continue;
    }
    ASSERT_GT(op.result, 0);
    ASSERT_LE(op.result, static_cast<std::int64_t>(rest.size()));
    if (op.result < static_cast<std::int64_t>(rest.size())) ++cuts;
    sent += static_cast<std::size_t>(op.result);
    received += read_now(pair.far.get());
  }
  while (received.size() < bytes.size() && wait_for(pair.far.get(), POLLIN)) {
    received += read_now(pair.far.get());
  }
  EXPECT_TRUE(received == bytes);
  EXPECT_GT(cuts, 0U) << "the buffers were meant to be too small";
}

TEST_P(BatchSenderTest, PartialSendsTellHowFarTheyCame) {
  for (const Pair& pair : std::array{local_pair(), tcp_pair()}) {
    stream_through(*sender_, pair, 0);
  }
}

TEST_P(BatchSenderTest, PartialSendsEndInTheMiddleOfPieces) {
  for (const Pair& pair : std::array{local_pair(), tcp_pair()}) {
    stream_through(*sender_, pair, 997);
  }
}

TEST_P(BatchSenderTest, APeerThatOnlyStoppedSendingStillGetsAll) {
  const Pair pair = tcp_pair();
  ASSERT_EQ(::shutdown(pair.far.get(), SHUT_WR), 0);
  ASSERT_TRUE(wait_for(pair.near.get(), POLLIN));
  EXPECT_EQ(send(op_of(pair.near.get(), "still here")), 10);
  ASSERT_TRUE(wait_for(pair.far.get(), POLLIN));
  EXPECT_EQ(read_now(pair.far.get()), "still here");
}

TEST_P(BatchSenderTest, ASocketThatWasShutDownIsBroken) {
  for (Pair& pair : std::array{local_pair(), tcp_pair()}) {
    ASSERT_EQ(::shutdown(pair.near.get(), SHUT_WR), 0);
    EXPECT_EQ(send(op_of(pair.near.get(), "late")), -EPIPE);
    const std::string bytes = numbers(50);
    EXPECT_EQ(send(op_of(pair.near.get(), pieces_of(bytes, 10))), -EPIPE);
  }
}

TEST_P(BatchSenderTest, APeerThatResetShowsOnceAndIsBrokenThen) {
  Pair pair = tcp_pair();
  reset_on_close(pair.far.get());
  pair.far.reset();
  ASSERT_TRUE(wait_for(pair.near.get(), POLLERR | POLLHUP));
  EXPECT_EQ(send(op_of(pair.near.get(), "x")), -ECONNRESET);
  EXPECT_EQ(send(op_of(pair.near.get(), "x")), -EPIPE);
  EXPECT_EQ(send(op_of(pair.near.get(), "x")), -EPIPE);
}

TEST_P(BatchSenderTest, APeerThatClosedIsBrokenOnceItSaysSo) {
  Pair pair = tcp_pair();
  pair.far.reset();
  ASSERT_TRUE(wait_for(pair.near.get(), POLLIN));
  EXPECT_EQ(send(op_of(pair.near.get(), "x")), 1) << "it may only have stopped sending";
  ASSERT_TRUE(wait_for(pair.near.get(), POLLERR | POLLHUP));
  EXPECT_LT(send(op_of(pair.near.get(), "x")), 0);
  EXPECT_EQ(send(op_of(pair.near.get(), "x")), -EPIPE);
}

TEST_P(BatchSenderTest, WhatIsNoSocketIsAnErrorOfItsOpAlone) {
  const Pair pair = local_pair();
  const std::string bytes = numbers(20);
  const auto pieces = pieces_of(bytes, 3);
  std::vector<SendOp> ops = {op_of(closed_descriptor(), "x"), op_of(pair.near.get(), "a"),
                             op_of(-1, "x"), op_of(pair.near.get(), pieces),
                             op_of(closed_descriptor(), pieces)};
  sender_->send(ops);
  EXPECT_EQ(ops[0].result, -EBADF);
  EXPECT_EQ(ops[1].result, 1);
  EXPECT_EQ(ops[2].result, -EBADF);
  EXPECT_EQ(ops[3].result, 20);
  EXPECT_EQ(ops[4].result, -EBADF);
  EXPECT_EQ(read_now(pair.far.get()), "a" + bytes);
}

volatile std::sig_atomic_t signals_seen = 0;

TEST_P(BatchSenderTest, BrokenSocketsRaiseNoSignal) {
  const auto before = std::signal(SIGPIPE, [](int) { signals_seen = signals_seen + 1; });
  signals_seen = 0;
  Pair pair = local_pair();
  pair.far.reset();
  const std::string bytes = numbers(50);
  EXPECT_EQ(send(op_of(pair.near.get(), "x")), -EPIPE);
  EXPECT_EQ(send(op_of(pair.near.get(), pieces_of(bytes, 10))), -EPIPE);
  EXPECT_EQ(signals_seen, 0);
  (void)std::signal(SIGPIPE, before);
}

// Sockets in every state, and a batch of any size over them, with what each op must give.
class Script {
 public:
  Script() {
    for (Pair& pair : free_) pair = local_pair();
    full_ = local_pair();
    fill(full_.near.get());
    shut_ = local_pair();
    ::shutdown(shut_.near.get(), SHUT_WR);
    gone_ = local_pair();
    gone_.far.reset();
    closed_ = closed_descriptor();
  }

  void run(BatchSender& sender, std::size_t count) {
    std::vector<SendOp> ops;
    std::vector<std::int64_t> expected;
    std::vector<std::size_t> received(free_.size());
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = 1 + i % 7;
      const int broken = i % 11 == 10 ? static_cast<int>(i / 11 % 4) : -1;
      const std::size_t index = i % free_.size();
      const int socket = broken < 0 ? free_[index].near.get() : broken_socket(broken);
      ops.push_back(i % 3 == 0 ? op_of(socket, pieces_[size])
                               : op_of(socket, std::string_view(bytes_).substr(0, size)));
      expected.push_back(broken < 0 ? static_cast<std::int64_t>(size) : kErrors[broken]);
      if (broken < 0) received[index] += size;
    }
    sender.send(ops);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(ops[i].result, expected[i]) << "op " << i << " of " << count;
    }
    for (std::size_t i = 0; i < free_.size(); ++i) {
      ASSERT_EQ(read_now(free_[i].far.get()).size(), received[i]) << "socket " << i;
    }
  }

 private:
  static constexpr std::array<std::int64_t, 4> kErrors{-EAGAIN, -EPIPE, -EPIPE, -EBADF};
  [[nodiscard]] int broken_socket(int which) const {
    return std::array{full_.near.get(), shut_.near.get(), gone_.near.get(), closed_}.at(
        static_cast<std::size_t>(which));
  }

  std::array<Pair, 64> free_;
  Pair full_;
  Pair shut_;
  Pair gone_;
  int closed_ = -1;
  const std::string bytes_ = "0123456789";
  const std::array<std::vector<iovec>, 8> pieces_ = {
      pieces_of("", 1),     pieces_of("0", 1),     pieces_of("01", 1),     pieces_of("012", 2),
      pieces_of("0123", 3), pieces_of("01234", 1), pieces_of("012345", 4), pieces_of("0123456", 2)};
};

TEST_P(BatchSenderTest, BatchesOfAnySizeGiveEachOpItsResult) {
  Script script;
  constexpr std::size_t kRing = base::kSubmissionSendsMax;
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, kRing - 1, kRing,
                                  kRing + 1, 2 * kRing, std::size_t{5'000}, std::size_t{1}}) {
    script.run(*sender_, count);
  }
}

TEST_P(BatchSenderTest, ABatchOfFullSocketsDoesNotWait) {
  const Pair pair = local_pair();
  fill(pair.near.get());
  std::vector<SendOp> ops(5'000, op_of(pair.near.get(), "more"));
  const auto began = std::chrono::steady_clock::now();
  sender_->send(ops);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{5});
  for (const SendOp& op : ops) ASSERT_EQ(op.result, -EAGAIN);
}

TEST_P(BatchSenderTest, KeepsNoDescriptor) {
  const std::size_t before = open_descriptors();
  {
    auto another = make_batch_sender(GetParam());
    ASSERT_TRUE(another);
    Pair pair = local_pair();
    SendOp op = op_of(pair.near.get(), "x");
    (*another)->send({&op, 1});
    // A socket that is closed after the send is really closed: its peer sees the end.
    pair.near.reset();
    EXPECT_EQ(read_now(pair.far.get()), "x");
    EXPECT_TRUE(wait_for(pair.far.get(), POLLHUP));
  }
  EXPECT_EQ(open_descriptors(), before);
}

INSTANTIATE_TEST_SUITE_P(Modes, BatchSenderTest, testing::Values(IoMode::kUring, IoMode::kEpoll),
                         [](const testing::TestParamInfo<IoMode>& row) {
                           return row.param == IoMode::kUring ? "uring" : "epoll";
                         });

TEST(ProbeUring, AnswersEachTimeTheSameAndLeavesNothingOpen) {
  const std::size_t before = open_descriptors();
  const bool works = probe_uring().has_value();
  for (int i = 0; i < 3; ++i) {
    const auto again = probe_uring();
    EXPECT_EQ(again.has_value(), works);
    EXPECT_TRUE(again || !again.error().message.empty());
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace palaver::net
