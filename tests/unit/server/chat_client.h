// SPDX-License-Identifier: Apache-2.0
// A member of a room as its program is: a blocking TCP socket that speaks HTTP and WebSocket with a
// server on 127.0.0.1. For tests with a whole node. Each socket belongs to one thread; every wait
// ends after twenty seconds, as a failure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http/headers.h"

namespace palaver::server {

// A connection's bytes.
class Stream {
 public:
  explicit Stream(std::uint16_t port);  // connected, or not good()
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] bool good() const { return socket_ >= 0; }
  void write(std::string_view bytes) const;
  // Up to and with `end`, or exactly `size` bytes; less if the peer ends first.
  [[nodiscard]] std::string read_until(std::string_view end);
  [[nodiscard]] std::string read_exactly(std::size_t size);
  // The peer ends without a byte more.
  [[nodiscard]] bool at_end();
  // Instead of an orderly end.
  void reset();

 private:
  [[nodiscard]] bool read_more();

  int socket_ = -1;
  std::string buffer_;
};

struct HttpAnswer {
  unsigned status = 0;  // 0: none
  std::string head;
  std::string body;
};
[[nodiscard]] HttpAnswer http_get(std::uint16_t port, std::string_view path,
                                  const std::vector<codec::http::Header>& headers = {});

class ChatClient {
 public:
  struct Frame {
    unsigned opcode = 0;  // 0: the stream has ended
    std::string payload;
  };

  // Joins; status() says how that went.
  ChatClient(std::uint16_t port, std::string_view room, int client_id, std::string_view query = {});

  [[nodiscard]] unsigned status() const { return status_; }
  void say(std::string_view text) const;
  // The next text, without the time in front: "hello (7)". Pings are answered. "" at the end.
  [[nodiscard]] std::string hear();
  [[nodiscard]] Frame next();
  // Close, and the server's answer to it; true if it is the same code.
  [[nodiscard]] bool close(unsigned code);
  void answer_close(unsigned code) const;
  [[nodiscard]] bool at_end() { return stream_.at_end(); }
  void reset() { stream_.reset(); }

 private:
  Stream stream_;
  unsigned status_ = 0;
};

}  // namespace palaver::server
