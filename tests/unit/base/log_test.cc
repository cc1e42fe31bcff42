// SPDX-License-Identifier: Apache-2.0
// Logger: the exact lines of both formats, one write for each, and nothing that a peer puts into a
// field can make a second line or break the JSON.
#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace palaver::base {
namespace {

using namespace std::string_view_literals;

// 2026-03-04T05:06:07.089Z
WallTime fixed_time() { return WallTime{std::chrono::milliseconds{1'772'600'767'089}}; }

// A logger that writes into a pipe.
class Captured {
 public:
  explicit Captured(Logger::Format format, Severity least = Severity::kDebug)
      : ends_(make_pipe()),
        logger({.descriptor = ends_[1], .format = format, .least = least, .now = fixed_time}) {}
  ~Captured() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  // What has been written since the last call; the pipe keeps no borders between writes.
  std::string take() {
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(ends_[0], buffer.data(), buffer.size());
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
  }

 private:
  static std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    return ends;
  }
  std::array<int, 2> ends_;

 public:
  const Logger logger;
};

TEST(Logger, JsonHasSeverityTimeMessageAndFields) {
  Captured log(Logger::Format::kJson);
  log.logger.info("serving");
  EXPECT_EQ(log.take(),
            R"({"severity":"INFO","time":"2026-03-04T05:06:07.089Z","message":"serving"})"
            "\n");
  log.logger.warning("accepting paused", {{"reason", "no \"free\" fd"}, {"count", 3}, {"x", 0.5}});
  EXPECT_EQ(
      log.take(),
      R"({"severity":"WARNING","time":"2026-03-04T05:06:07.089Z","message":"accepting paused")"
      R"(,"reason":"no \"free\" fd","count":3,"x":0.500000})"
      "\n");
}

TEST(Logger, TextIsForPeople) {
  Captured log(Logger::Format::kText);
  log.logger.error("cannot listen", {{"port", 8080}, {"reason", "in use"}});
  EXPECT_EQ(log.take(), "05:06:07.089 ERROR cannot listen port=8080 reason=in use\n");
}

TEST(Logger, EachSeverityHasItsName) {
  Captured log(Logger::Format::kText);
  log.logger.debug("a");
  log.logger.info("b");
  log.logger.warning("c");
  log.logger.error("d");
  EXPECT_EQ(log.take(),
            "05:06:07.089 DEBUG a\n05:06:07.089 INFO b\n05:06:07.089 WARNING c\n"
            "05:06:07.089 ERROR d\n");
}

TEST(Logger, WhatIsBelowTheLeastIsNotWritten) {
  Captured log(Logger::Format::kText, Severity::kWarning);
  log.logger.debug("a");
  log.logger.info("b");
  EXPECT_EQ(log.take(), "");
  log.logger.warning("c");
  log.logger.error("d");
  EXPECT_EQ(log.take(), "05:06:07.089 WARNING c\n05:06:07.089 ERROR d\n");
}

TEST(Logger, HostileFieldsStayInTheirLine) {
  constexpr std::string_view kHostile = "a\n\r\t\0\x1b[2J\"}\\\xFF"sv;
  Captured json(Logger::Format::kJson);
  json.logger.info("x", {{"peer", kHostile}});
  EXPECT_EQ(json.take(),
            R"({"severity":"INFO","time":"2026-03-04T05:06:07.089Z","message":"x","peer":)"
            "\"a\\n\\r\\t\\u0000\\u001b[2J\\\"}\\\\\xEF\xBF\xBD\"}\n");
  Captured text(Logger::Format::kText);
  text.logger.info("x", {{"peer", kHostile}});
  EXPECT_EQ(text.take(), "05:06:07.089 INFO x peer=a     [2J\"}\\\xFF\n");
}

TEST(Logger, NumbersThatJsonHasNoWordForAreTexts) {
  Captured log(Logger::Format::kJson);
  log.logger.info("x", {{"a", std::nan("")}, {"b", std::numeric_limits<double>::infinity()}});
  EXPECT_TRUE(log.take().ends_with(R"(,"a":"nan","b":"inf"})"
                                   "\n"));
  log.logger.info("x", {{"least", std::numeric_limits<std::int64_t>::min()},
                        {"most", std::numeric_limits<std::uint64_t>::max()}});
  EXPECT_TRUE(log.take().ends_with(R"(,"least":-9223372036854775808,"most":18446744073709551615})"
                                   "\n"));
}

TEST(Logger, WithoutAClockTheTimeIsEmpty) {
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  Logger({.descriptor = ends[1], .format = Logger::Format::kText}).info("x");
  std::array<char, 64> buffer{};
  const ssize_t size = ::read(ends[0], buffer.data(), buffer.size());
  EXPECT_EQ(std::string_view(buffer.data(), static_cast<std::size_t>(size)), " INFO x\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Logger, ALineThatCannotBeWrittenIsLost) {
  Logger({.descriptor = -1}).error("nobody reads this");
  Captured log(Logger::Format::kText);
  const std::string large(256 * 1024, 'x');
  for (int i = 0; i < 4; ++i) log.logger.info(large);  // the pipe is full, and nobody waits
  SUCCEED();
}

}  // namespace
}  // namespace palaver::base
