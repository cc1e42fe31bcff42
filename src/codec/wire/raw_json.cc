// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/raw_json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

#include "base/check.h"
#include "codec/wire/json.h"

namespace palaver::codec::wire {

namespace {

// Takes everything and keeps nothing: the parser alone judges.
struct Validator {
  // NOLINTBEGIN(readability-identifier-naming): the library's names
  static constexpr std::size_t max_object_size = ~std::size_t{0};
  static constexpr std::size_t max_array_size = ~std::size_t{0};
  static constexpr std::size_t max_key_size = ~std::size_t{0};
  static constexpr std::size_t max_string_size = ~std::size_t{0};
  // NOLINTEND(readability-identifier-naming)
  using Error = boost::system::error_code;
  using Text = boost::json::string_view;

  static bool on_document_begin(Error&) { return true; }
  static bool on_document_end(Error&) { return true; }
  static bool on_array_begin(Error&) { return true; }
  static bool on_array_end(std::size_t, Error&) { return true; }
  static bool on_object_begin(Error&) { return true; }
  static bool on_object_end(std::size_t, Error&) { return true; }
  static bool on_string_part(Text, std::size_t, Error&) { return true; }
  static bool on_string(Text, std::size_t, Error&) { return true; }
  static bool on_key_part(Text, std::size_t, Error&) { return true; }
  static bool on_key(Text, std::size_t, Error&) { return true; }
  static bool on_number_part(Text, Error&) { return true; }
  static bool on_int64(std::int64_t, Text, Error&) { return true; }
  static bool on_uint64(std::uint64_t, Text, Error&) { return true; }
  static bool on_double(double, Text, Error&) { return true; }
  static bool on_bool(bool, Error&) { return true; }
  static bool on_null(Error&) { return true; }
  static bool on_comment_part(Text, Error&) { return true; }
  static bool on_comment(Text, Error&) { return true; }
};

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void skip_space(std::string_view& rest) {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
}

// The string at the front of `rest`, with its quotes.
std::size_t string_size(std::string_view rest) {
  std::size_t at = 1;
  while (rest[at] != '"') at += rest[at] == '\\' ? 2 : 1;
  return at + 1;
}

// Of the value at the front of `rest`. The text is valid: brackets match, strings end.
std::size_t value_size(std::string_view rest) {
  if (rest.front() == '"') return string_size(rest);
  if (rest.front() != '{' && rest.front() != '[') {
    return std::min(rest.find_first_of(",]} \t\r\n"), rest.size());
  }
  std::size_t depth = 0;
  for (std::size_t at = 0;;) {
    const char c = rest[at];
    if (c == '"') {
      at += string_size(rest.substr(at));
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
}

std::string_view take_value(std::string_view& rest) {
  const std::string_view value = rest.substr(0, value_size(rest));
  rest.remove_prefix(value.size());
  skip_space(rest);
  return value;
}

// Past the bracket or the comma in front of the next item; false at the closing bracket.
bool next_item(std::string_view& rest) {
  rest.remove_prefix(1);
  skip_space(rest);
  return rest.front() != '}' && rest.front() != ']';
}

std::string unescaped(std::string_view quoted) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  if (!inner.contains('\\')) return std::string(inner);
  const auto value = parse_json(quoted);
  CHECK(value && value->is_string(), "a part of a valid text is valid");
  return std::string(value->get_string());
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

base::Result<RawJson> RawJson::parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::json::basic_parser<Validator> parser(options);
  boost::system::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (error) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "JSON: " + error.message() + " at byte " + std::to_string(used));
  }
  skip_space(text);
  return RawJson(take_value(text));
}

std::string RawJson::on_one_line() const {
  std::string line(text_);
  std::erase_if(line, [](char c) { return c == '\n' || c == '\r'; });
  return line;
}

std::optional<std::string> RawJson::string() const {
  if (!is_string()) return std::nullopt;
  return unescaped(text_);
}

std::optional<bool> RawJson::boolean() const {
  if (text_ == "true") return true;
  if (text_ == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> RawJson::int64() const { return number<std::int64_t>(text_); }

std::optional<std::uint64_t> RawJson::uint64() const { return number<std::uint64_t>(text_); }

std::optional<std::int64_t> RawJson::whole_part() const {
  if (const auto whole = int64()) return whole;
  const auto real = number<double>(text_);
  constexpr double kEnd = 0x1p63;
  if (!real || !(*real > -kEnd && *real < kEnd)) return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

void RawJson::each_member(const MemberVisitor& visit) const {
  if (!is_object()) return;
  std::string_view rest = text_;
  while (next_item(rest)) {
    const std::string name = unescaped(take_value(rest));
    rest.remove_prefix(1);  // the colon
    skip_space(rest);
    if (!visit(name, RawJson(take_value(rest))) || rest.front() == '}') return;
  }
}

void RawJson::each_element(const ElementVisitor& visit) const {
  if (!is_array()) return;
  std::string_view rest = text_;
  while (next_item(rest)) {
    if (!visit(RawJson(take_value(rest))) || rest.front() == ']') return;
  }
}

std::optional<RawJson> RawJson::member(std::string_view name) const {
  std::optional<RawJson> found;
  each_member([&](std::string_view each, RawJson value) {
    if (each == name) found = value;
    return true;
  });
  return found;
}

}  // namespace palaver::codec::wire
