// SPDX-License-Identifier: Apache-2.0
#include "chat/name.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_text.h"
#include "base/utf8.h"
#include "codec/wire/raw_json.h"

namespace palaver::chat {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};
// Unicode 15: Cc, Zl, Zp, Bidi_Control, and characters that show nothing. The joiners U+200C and
// U+200D stay: words of several scripts and many emoji need them.
constexpr std::array kForbidden{
    Range{0x0000, 0x001F}, Range{0x007F, 0x009F}, Range{0x00AD, 0x00AD}, Range{0x061C, 0x061C},
    Range{0x180E, 0x180E}, Range{0x200B, 0x200B}, Range{0x200E, 0x200F}, Range{0x2028, 0x202E},
    Range{0x2060, 0x206F}, Range{0xFEFF, 0xFEFF}, Range{0xFFF9, 0xFFFB}, Range{0xE0000, 0xE0001},
};
// Of these alone a name would be invisible.
constexpr std::array kBlank{
    Range{0x0020, 0x0020}, Range{0x00A0, 0x00A0}, Range{0x115F, 0x1160}, Range{0x1680, 0x1680},
    Range{0x2000, 0x200D}, Range{0x202F, 0x202F}, Range{0x205F, 0x205F}, Range{0x2800, 0x2800},
    Range{0x3000, 0x3000}, Range{0x3164, 0x3164}, Range{0xFE00, 0xFE0F}, Range{0xFFA0, 0xFFA0},
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t c) {
  return std::ranges::any_of(
      ranges, [c](const Range& range) { return c >= range.first && c <= range.last; });
}

// The one code point whose bytes these are.
char32_t code_point(std::string_view bytes) {
  constexpr std::array<unsigned char, 5> kLeadBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t c = static_cast<unsigned char>(bytes.front()) & kLeadBits.at(bytes.size());
  for (const char byte : bytes.substr(1)) c = c << 6 | (static_cast<unsigned char>(byte) & 0x3F);
  return c;
}

// Of a JSON text, or of none.
std::optional<std::string> name_member(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto json = codec::wire::RawJson::parse(text);
  const auto member = json ? json->member("name") : std::nullopt;
  return member ? member->string() : std::nullopt;
}

}  // namespace

bool is_name(std::string_view name) {
  std::size_t characters = 0;
  bool visible = false;
  while (!name.empty()) {
    const base::Utf8Unit unit = base::utf8_front(name);
    if (!unit.valid || ++characters > kNameCharactersMax) return false;
    const char32_t c = code_point(name.substr(0, unit.size));
    if (is_in(kForbidden, c)) return false;
    visible = visible || !is_in(kBlank, c);
    name.remove_prefix(unit.size);
  }
  return visible;
}

std::optional<std::string> name_of(std::string_view info) {
  auto name = name_member(info);
  return name && is_name(*name) ? std::move(name) : std::nullopt;
}

std::expected<std::string, codec::wire::CommandError> guest_info(std::string_view data) {
  const auto name = name_member(data);
  if (!name || name->empty()) return {};
  if (!is_name(*name)) return std::unexpected(codec::wire::kErrorBadName);
  std::string info = R"({"name":)";
  base::append_json_string(info, *name);
  info += '}';
  return info;
}

}  // namespace palaver::chat
