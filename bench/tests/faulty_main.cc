// SPDX-License-Identifier: Apache-2.0
// palaver_bench_faulty: the bare send() loop that makes one mistake on purpose, so that tests can
// see the load generator notice it. "--fault=drop|double|swap|garble|close" does it to the first
// frame of the first run with enough frames after "--after=N" sends (swap needs two frames in one
// run).
#include <sys/socket.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>

#include "bench/limits/program.h"
#include "bench/limits/send_loop.h"

namespace {

using namespace palaver::bench::limits;

std::size_t first_frame_size(std::string_view run) {
  const auto byte = [run](std::size_t at) { return static_cast<std::uint8_t>(run[at]); };
  const std::size_t length = byte(1);
  return length < 126 ? 2 + length : 4 + (static_cast<std::size_t>(byte(2)) << 8 | byte(3));
}

class FaultySend {
 public:
  FaultySend(std::string fault, std::uint64_t after) : fault_(std::move(fault)), after_(after) {}

  void send_all(std::span<const Send> sends, std::vector<int>& failed) {
    for (const Send& send : sends) {
      if (is_done_ || sends_++ < after_ || !commit(send, failed)) {
        loop_.send_all({&send, 1}, failed);
      }
    }
  }

 private:
  // False: this run does not fit the fault, and nothing was sent.
  bool commit(const Send& intended, std::vector<int>& failed) {
    const std::size_t first = first_frame_size(intended.bytes);
    const std::string_view frame = intended.bytes.substr(0, first);
    std::string rest(intended.bytes.substr(first));
    std::string bytes;
    if (fault_ == "drop") {
      bytes = rest;
    } else if (fault_ == "double") {
      bytes.append(frame).append(frame).append(rest);
    } else if (fault_ == "garble") {
      bytes.append(frame).append(rest);
      bytes[first / 2] = static_cast<char>(bytes[first / 2] ^ 0x20);
    } else if (fault_ == "swap") {
      if (rest.empty()) return false;
      const std::size_t second = first_frame_size(rest);
      bytes.append(rest.substr(0, second)).append(frame).append(rest.substr(second));
    } else {
      failed.push_back(intended.fd);
    }
    is_done_ = true;
    const Send changed{intended.fd, bytes};
    if (!bytes.empty()) loop_.send_all({&changed, 1}, failed);
    return true;
  }

  SendLoop loop_;
  std::string fault_;
  std::uint64_t after_;
  std::uint64_t sends_ = 0;
  bool is_done_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  ServerOptions options;
  std::string fault = "drop";
  std::uint64_t after = 0;
  for (int i = 1; i < argc; ++i) {
    if (const auto name = value_of(argv[i], "--fault")) {
      fault = *name;
    } else if (const auto count = value_of(argv[i], "--after")) {
      std::from_chars(count->data(), count->data() + count->size(), after);
    } else if (!read_argument(argv[i], options)) {
      return usage_error(argv[0], argv[i]);
    }
  }
  FaultySend sender(fault, after);
  return serve(options, sender);
}
