// SPDX-License-Identifier: Apache-2.0
// LineEncoder: an Encoder whose frames are lines of text that say all that a test wants to see:
// "a 7 5 data\n" is offset 7 after 5 for members with the plain encoding, "d ..." for the others.
// Data that holds a line feed is not for it.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/frame.h"
#include "model/publication.h"
#include "rooms/encoding.h"

namespace palaver::tests::support {

[[nodiscard]] inline std::string line_of(const model::Publication& publication,
                                         palaver::rooms::Encoding encoding) {
  std::string line(encoding == palaver::rooms::Encoding::kArticle ? "a " : "d ");
  line += std::to_string(publication.offset.value) + ' ';
  line += std::to_string(publication.prev.value) + ' ';
  line += publication.data.view();
  line += '\n';
  return line;
}

struct Line {
  palaver::rooms::Encoding encoding{};
  std::uint64_t offset = 0;
  std::uint64_t prev = 0;
  std::string data;
};

// `text` without its line feed; nothing for what line_of() does not write.
[[nodiscard]] inline std::optional<Line> parse_line(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'a' && text[0] != 'd') || text[1] != ' ') return {};
  Line line;
  if (text[0] == 'd') line.encoding = palaver::rooms::Encoding::kArticleDeflated;
  const char* at = text.data() + 2;
  const char* const end = text.data() + text.size();
  for (std::uint64_t* number : {&line.offset, &line.prev}) {
    const auto [next, error] = std::from_chars(at, end, *number);
    if (error != std::errc{} || next == end || *next != ' ') return {};
    at = next + 1;
  }
  line.data.assign(at, end);
  return line;
}

// Takes the whole lines out of a byte stream; the beginning of one stays.
[[nodiscard]] inline std::vector<std::string> take_lines(std::string& stream) {
  std::vector<std::string> lines;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = stream.find('\n', from)) != std::string::npos; from = end + 1) {
    lines.push_back(stream.substr(from, end - from));
  }
  stream.erase(0, from);
  return lines;
}

class LineEncoder final : public palaver::rooms::Encoder {
 public:
  [[nodiscard]] palaver::rooms::EncodedFrames encode(
      const model::RoomName& /*room*/, const model::Publication& publication,
      const palaver::rooms::EncodingSet& wanted) override {
    palaver::rooms::EncodedFrames frames;
    for (std::size_t i = 0; i < palaver::rooms::kEncodingCount; ++i) {
      if (!wanted[i] || !is_meant_for(publication, i)) continue;
      ++encoded;
      frames[i] =
          base::Frame::copy_of(line_of(publication, static_cast<palaver::rooms::Encoding>(i)));
    }
    return frames;
  }

  std::uint64_t encoded = 0;  // frames made

 private:
  static bool is_meant_for(const model::Publication& publication, std::size_t encoding) {
    using palaver::rooms::Encoding;
    return publication.kind == model::PublicationKind::kData ||
           encoding == index_of(Encoding::kJsonJoins) ||
           encoding == index_of(Encoding::kJsonJoinsDeflated);
  }
};

}  // namespace palaver::tests::support
