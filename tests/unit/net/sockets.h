// SPDX-License-Identifier: Apache-2.0
// Real sockets for the tests of net/, which test the thin shell over the system: pairs and
// connections on the loopback address, closed when they go. Every wait is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace palaver::net {

// A descriptor of our own.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] int release() { return std::exchange(number_, -1); }
  void reset();

 private:
  int number_ = -1;
};

struct Pair {
  Descriptor near;  // the one that sends
  Descriptor far;
};

// Two ends of a stream, the near one non-blocking. Where the kernel keeps count of every byte at
// once, whatever the load of the machine.
[[nodiscard]] Pair local_pair();
// The same over TCP, on 127.0.0.1.
[[nodiscard]] Pair tcp_pair();
[[nodiscard]] Descriptor connect_to(const std::string& address, std::uint16_t port);

void set_buffers(const Pair& pair, int bytes);
// Sends until the socket takes no more.
void fill(int socket);
// All that is there now, at most `bytes_max` bytes; never waits.
[[nodiscard]] std::string read_now(int socket, std::size_t bytes_max = 1 << 24);
// Waits until poll(2) reports one of `events`; false after ten seconds.
[[nodiscard]] bool wait_for(int socket, short events);
// The descriptors of this process.
[[nodiscard]] std::size_t open_descriptors();

}  // namespace palaver::net
