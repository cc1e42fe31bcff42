// SPDX-License-Identifier: Apache-2.0
#include "base/json_text.h"

#include "base/utf8.h"

namespace palaver::base {

namespace {

void append_escaped(std::string& out, unsigned char byte) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 0xF];
  }
}

// The bytes at the front of `text` that stand for themselves.
std::size_t plain_prefix(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    const auto byte = static_cast<unsigned char>(text[size]);
    if (byte < 0x20 || byte == '"' || byte == '\\') break;
    const Utf8Unit unit = utf8_front(text.substr(size));
    if (!unit.valid) break;
    size += unit.size;
  }
  return size;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_prefix(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte < 0x80) {
      append_escaped(out, byte);
      text.remove_prefix(1);
    } else {
      out += "\xEF\xBF\xBD";  // U+FFFD
      text.remove_prefix(utf8_front(text).size);
    }
  }
  out += '"';
}

}  // namespace palaver::base
