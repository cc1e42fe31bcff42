// SPDX-License-Identifier: Apache-2.0
// LineScanner: finds where lines end, byte by byte, before a grammar looks at them. Its verdict
// depends on the bytes alone and never on how they were cut into reads, which is what makes the
// whole request parser indifferent to that. Stricter than RFC 9112 must be: a line ends with CRLF
// only, CR and LF stand nowhere else, no control characters, no folded lines (sections 2.2
// and 5.2). Owned by RequestParser; holds counters, no bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace palaver::codec::http {

class LineScanner {
 public:
  enum class Verdict {
    kMore,       // the input is used up in the middle of a line
    kLine,       // a line ended
    kEmptyLine,  // a line without bytes ended: the end of a block
    kBad,        // bytes that no line may have
    kLimit,      // the lines since reset() are longer than bytes_max
  };

  // Consumes `input` up to the end of a line. `bytes_max` counts all bytes since reset(), line ends
  // included; as many are accepted, one more is kLimit. After kBad and kLimit call reset() first.
  [[nodiscard]] Verdict take_line(std::string_view& input, std::size_t bytes_max);

  void reset() { *this = LineScanner{}; }
  // Since reset(), not counting empty ones.
  [[nodiscard]] std::size_t lines() const { return lines_; }

 private:
  // False: `byte` may not stand here.
  [[nodiscard]] bool accepts(char byte) const;

  std::size_t bytes_ = 0;
  std::size_t line_bytes_ = 0;
  std::size_t lines_ = 0;
  bool after_cr_ = false;
};

}  // namespace palaver::codec::http
