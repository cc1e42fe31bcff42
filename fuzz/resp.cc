// SPDX-License-Identifier: Apache-2.0
// What a Redis might send, cut anywhere: the same replies come out whether it is whole or in single
// bytes, and after an error nothing more. As the argument of a command any bytes come back as they
// were.
#include "codec/resp/resp.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace {

namespace resp = palaver::codec::resp;

constexpr std::string_view kDigits = "0123456789";
// hiredis takes memory for all the elements that an array announces before it has seen one, which
// is all that such an input would measure.
constexpr std::size_t kCountDigitsMax = 4;

bool has_long_count(std::string_view bytes) {
  for (std::size_t i = bytes.find('*'); i < bytes.size(); i = bytes.find('*', i + 1)) {
    const std::size_t first = bytes.find_first_not_of("+-0", i + 1);
    if (first >= bytes.size()) continue;
    const std::size_t end = std::min(bytes.find_first_not_of(kDigits, first), bytes.size());
    if (end - first > kCountDigitsMax) return true;
  }
  return false;
}

// Unambiguous: equal texts are equal replies.
void describe(const resp::Reply& reply, std::string& into) {
  using Kind = resp::Reply::Kind;
  const Kind kind = reply.kind;
  const bool texted = kind == Kind::kStatus || kind == Kind::kError || kind == Kind::kText;
  CHECK(texted || reply.text.empty(), "only three kinds have a text");
  CHECK(kind == Kind::kArray || reply.elements.empty(), "only an array has elements");
  CHECK(kind == Kind::kInteger || reply.integer == 0, "only an integer has a number");
  into += static_cast<char>('a' + static_cast<int>(kind));
  into += std::to_string(reply.integer) + ' ' + std::to_string(reply.text.size()) + ' ';
  into += reply.text;
  into += std::to_string(reply.elements.size()) + ' ';
  for (const resp::Reply& element : reply.elements) describe(element, into);
}

// Whether more may follow.
bool drain(resp::ReplyReader& reader, std::string& into) {
  for (;;) {
    const auto reply = reader.next();
    if (!reply) {
      into += '!';
      CHECK(!reader.next(), "an error is for good");
      return false;
    }
    if (!*reply) return true;
    describe(**reply, into);
  }
}

void check_command(std::string_view text) {
  const std::string_view arguments[] = {"EVAL", text, ""};
  std::string bytes;
  resp::append_command(bytes, arguments);
  resp::ReplyReader reader;
  reader.feed(bytes);
  const auto reply = reader.next();
  CHECK(reply && *reply && (*reply)->elements.size() == 3, "a command is one array");
  CHECK((*reply)->elements[1].text == text, "an argument comes out as it went in");
  const auto after = reader.next();
  CHECK(after && !*after, "nothing is left");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_command(bytes);
  if (has_long_count(bytes)) return 0;
  resp::ReplyReader whole;
  whole.feed(bytes);
  std::string expected;
  (void)drain(whole, expected);

  resp::ReplyReader single;
  std::string seen;
  for (const char& byte : bytes) {
    single.feed({&byte, 1});
    if (!drain(single, seen)) break;
  }
  CHECK(seen == expected, "single bytes give the same replies");
  return 0;
}
