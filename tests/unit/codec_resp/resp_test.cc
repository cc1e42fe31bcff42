// SPDX-License-Identifier: Apache-2.0
// Replies of Redis in literal bytes, whole and in pieces; commands, read back as the arrays that
// they are; and what is not the protocol at all.
#include "codec/resp/resp.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace palaver::codec::resp {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr const char* kNotTheProtocol = "not the protocol";

// One line for each reply, so that a table can hold it.
std::string show(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::kNil:
      return "nil";
    case Reply::Kind::kStatus:
      return "status " + reply.text;
    case Reply::Kind::kError:
      return "error " + reply.text;
    case Reply::Kind::kInteger:
      return std::to_string(reply.integer);
    case Reply::Kind::kText:
      return '"' + reply.text + '"';
    case Reply::Kind::kArray:
      break;
  }
  std::string text = "[";
  for (const Reply& element : reply.elements) {
    if (text.size() > 1) text += ' ';
    text += show(element);
  }
  return text + ']';
}

void drain(ReplyReader& reader, std::vector<std::string>& into) {
  for (;;) {
    const auto reply = reader.next();
    if (!reply) {
      EXPECT_EQ(reply.error().code, base::ErrorCode::kInvalidArgument);
      into.emplace_back(kNotTheProtocol);
      return;
    }
    if (!*reply) return;
    into.push_back(show(**reply));
  }
}

std::vector<std::string> read(std::string_view bytes) {
  ReplyReader reader;
  reader.feed(bytes);
  std::vector<std::string> seen;
  drain(reader, seen);
  return seen;
}

struct Row {
  std::string_view bytes;
  std::vector<std::string> replies;
};

const std::vector<Row>& table() {
  static const std::vector<Row> kTable = {
      {"", {}},
      {"+OK\r\n", {"status OK"}},
      {"+\r\n", {"status "}},
      {"-ERR unknown command\r\n", {"error ERR unknown command"}},
      {":0\r\n", {"0"}},
      {":-1\r\n", {"-1"}},
      {":9223372036854775807\r\n", {"9223372036854775807"}},
      {":-9223372036854775808\r\n", {"-9223372036854775808"}},
      {"$5\r\nhello\r\n", {"\"hello\""}},
      {"$0\r\n\r\n", {"\"\""}},
      {"$-1\r\n", {"nil"}},
      {"*-1\r\n", {"nil"}},
      {"$6\r\na\r\nb\0c\r\n"sv, {"\"a\r\nb\0c\""s}},
      {"$5\r\nr\xC3\xA4\xF0\x9F\r\n", {"\"r\xC3\xA4\xF0\x9F\""}},
      {"*0\r\n", {"[]"}},
      {"*3\r\n:1\r\n$1\r\na\r\n$-1\r\n", {"[1 \"a\" nil]"}},
      {"*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n-NOSCRIPT no\r\n", {"[[1 []] [error NOSCRIPT no]]"}},
      {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n", {"[[[[[[[7]]]]]]]"}},
      {"*3\r\n$9\r\nsubscribe\r\n$4\r\nroom\r\n:1\r\n", {"[\"subscribe\" \"room\" 1]"}},
      {"*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n", {"[\"unsubscribe\" nil 0]"}},
      {"*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$3\r\nL1\n\r\n", {"[\"message\" \"room\" \"L1\n\"]"}},
      {"*2\r\n$4\r\npong\r\n$0\r\n\r\n", {"[\"pong\" \"\"]"}},
      {"+OK\r\n:1\r\n$1\r\nx\r\n*0\r\n", {"status OK", "1", "\"x\"", "[]"}},
      {"+OK\r\n$3\r\nab", {"status OK"}},
      {"+OK\r\n?\r\n+OK\r\n", {"status OK", kNotTheProtocol}},
  };
  return kTable;
}

TEST(ReplyReader, LiteralBytes) {
  for (const auto& [bytes, replies] : table()) EXPECT_EQ(read(bytes), replies) << bytes;
}

TEST(ReplyReader, SplitAtEveryByte) {
  for (const auto& [bytes, replies] : table()) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      ReplyReader reader;
      std::vector<std::string> seen;
      reader.feed(bytes.substr(0, cut));
      drain(reader, seen);
      if (!seen.empty() && seen.back() == kNotTheProtocol) {
        EXPECT_EQ(seen, replies) << bytes << " cut at " << cut;
        continue;
      }
      reader.feed(bytes.substr(cut));
      drain(reader, seen);
      EXPECT_EQ(seen, replies) << bytes << " cut at " << cut;
    }
  }
}

TEST(ReplyReader, AReplyComesWithItsLastByteAndNotBefore) {
  const std::string_view bytes = "*2\r\n$1\r\na\r\n*1\r\n:42\r\n";
  ReplyReader reader;
  for (const char& byte : bytes) {
    reader.feed({&byte, 1});
    const auto reply = reader.next();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->has_value(), &byte == &bytes.back());
    if (*reply) {
      EXPECT_EQ(show(**reply), "[\"a\" [42]]");
    }
  }
}

TEST(ReplyReader, HalfAReplyMovesWithItsReader) {
  ReplyReader first;
  first.feed("$5\r\nhe");
  ASSERT_FALSE(first.next().value());
  ReplyReader second(std::move(first));
  second.feed("llo\r\n");
  std::vector<std::string> seen;
  drain(second, seen);
  EXPECT_EQ(seen, std::vector<std::string>{"\"hello\""});
}

TEST(ReplyReader, RefusesWhatIsNotTheProtocol) {
  const std::string_view wrong[] = {"HTTP/1.1 400 Bad Request\r\n",
                                    "\r\n",
                                    " +OK\r\n",
                                    "\0"sv,
                                    "\x15\x03\x01",
                                    "PING\r\n",
                                    ":\r\n",
                                    ":x\r\n",
                                    ":1x\r\n",
                                    ":1.5\r\n",
                                    ":9223372036854775808\r\n",
                                    "$\r\n",
                                    "$x\r\n",
                                    "$-2\r\n",
                                    "*\r\n",
                                    "*x\r\n",
                                    "*-2\r\n",
                                    "*99999999999999999999\r\n",
                                    "*1\r\n?\r\n",
                                    "*2\r\n:1\r\nx\r\n",
                                    "*1\r\n:x\r\n"};
  for (const std::string_view bytes : wrong) {
    EXPECT_EQ(read(bytes), std::vector<std::string>{kNotTheProtocol}) << bytes;
  }
}

// Each level is a call on our stack when the reply is taken over.
TEST(ReplyReader, ArraysDoNotNestWithoutEnd) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += "*1\r\n";
  EXPECT_EQ(read(bytes + ":1\r\n"), std::vector<std::string>{kNotTheProtocol});
}

// Memory is taken for what an array announces; see kElementsMax.
TEST(ReplyReader, ArraysAreNotLongerThanTheirBound) {
  EXPECT_EQ(read("*16777216\r\n"), std::vector<std::string>{});
  for (const std::string_view bytes :
       {"*16777217\r\n", "*2147483647\r\n", "*1\r\n*2147483647\r\n"}) {
    EXPECT_EQ(read(bytes), std::vector<std::string>{kNotTheProtocol}) << bytes;
  }
}

TEST(ReplyReader, AnErrorIsForGood) {
  ReplyReader reader;
  reader.feed("?\r\n");
  const auto reply = reader.next();
  ASSERT_FALSE(reply);
  EXPECT_TRUE(reply.error().message.starts_with("not the protocol of Redis: "));
  for (int i = 0; i < 3; ++i) {
    reader.feed("+OK\r\n");
    EXPECT_FALSE(reader.next());
  }
}

TEST(Reply, AnErrorHasACode) {
  Reply reply;
  reply.kind = Reply::Kind::kError;
  reply.text = "MOVED 3999 127.0.0.1:6381";
  EXPECT_TRUE(reply.is_error());
  EXPECT_TRUE(reply.is_error("MOVED"));
  EXPECT_FALSE(reply.is_error("MOVE"));
  EXPECT_FALSE(reply.is_error("MOVED3999"));
  EXPECT_FALSE(reply.is_error("moved"));
  EXPECT_FALSE(reply.is_error("3999"));
  reply.text = "NOSCRIPT";
  EXPECT_TRUE(reply.is_error("NOSCRIPT"));
  EXPECT_FALSE(reply.is_error("NOSCRIPTS"));
  reply.text = "";
  EXPECT_TRUE(reply.is_error());
  EXPECT_FALSE(reply.is_error("ERR"));
  for (const auto kind : {Reply::Kind::kStatus, Reply::Kind::kText, Reply::Kind::kNil}) {
    reply.kind = kind;
    reply.text = "NOSCRIPT";
    EXPECT_FALSE(reply.is_error());
    EXPECT_FALSE(reply.is_error("NOSCRIPT")) << "a text that looks like one";
  }
}

TEST(AppendCommand, LiteralBytes) {
  std::string out;
  const std::string_view ping[] = {"PING"};
  append_command(out, ping);
  EXPECT_EQ(out, "*1\r\n$4\r\nPING\r\n");
  const std::string set[] = {"SET", "", "a\r\n\0b"s, std::string(10, 'x')};
  append_command(out, set);
  EXPECT_EQ(out,
            "*1\r\n$4\r\nPING\r\n"
            "*4\r\n$3\r\nSET\r\n$0\r\n\r\n$5\r\na\r\n\0b\r\n$10\r\nxxxxxxxxxx\r\n"sv);
}

TEST(AppendCommand, TheReaderTakesItBack) {
  const std::vector<std::vector<std::string>> commands = {
      {"PING"},
      {"GET", "r\xC3\xA4ume/\xF0\x9F\x92\xAC"},
      {"", "", ""},
      {"SET", "*1\r\n", "$-1\r\n", std::string("\0\xFF\r\n", 4)},
      {"APPEND", std::string(100'000, '\n')},
      std::vector<std::string>(1000, "x"),
  };
  std::string bytes;
  for (const auto& command : commands) append_command(bytes, std::span(command));
  ReplyReader reader;
  reader.feed(bytes);
  for (const auto& command : commands) {
    const auto reply = reader.next();
    ASSERT_TRUE(reply && *reply);
    ASSERT_EQ((*reply)->kind, Reply::Kind::kArray);
    std::vector<std::string> read;
    for (const Reply& element : (*reply)->elements) {
      EXPECT_EQ(element.kind, Reply::Kind::kText);
      read.push_back(element.text);
    }
    EXPECT_EQ(read, command);
  }
  EXPECT_FALSE(reader.next().value()) << "nothing is left";
}

}  // namespace
}  // namespace palaver::codec::resp
