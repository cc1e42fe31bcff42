// SPDX-License-Identifier: Apache-2.0
// RESP2, the protocol of Redis, without I/O: bytes in, replies out; commands in, bytes out. A thin
// coat around the reader of hiredis. Owned and used by one connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct redisReader;  // NOLINT(readability-identifier-naming): hiredis calls it so

namespace palaver::codec::resp {

// One reply, or one push of a subscribed connection.
struct Reply {
  enum class Kind : std::uint8_t { kNil, kStatus, kError, kInteger, kText, kArray };
  Kind kind = Kind::kNil;
  std::int64_t integer = 0;
  std::string text;  // of a status, an error or a text
  std::vector<Reply> elements;

  [[nodiscard]] bool is_error() const { return kind == Kind::kError; }
  // Whether an error begins with this word: "NOSCRIPT", "MOVED".
  [[nodiscard]] bool is_error(std::string_view code) const;
};

class ReplyReader {
 public:
  ReplyReader();
  ~ReplyReader();
  ReplyReader(ReplyReader&&) noexcept;
  ReplyReader& operator=(ReplyReader&&) noexcept;

  // Bytes in the order of their arrival.
  void feed(std::string_view bytes);
  // The next whole reply, if there is one. An error is for good: what follows cannot be understood,
  // and the connection is of no use any more.
  [[nodiscard]] base::Result<std::optional<Reply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
};

// Appends the command to `out`; arguments may hold any bytes.
void append_command(std::string& out, std::span<const std::string_view> arguments);
void append_command(std::string& out, std::span<const std::string> arguments);

}  // namespace palaver::codec::resp
