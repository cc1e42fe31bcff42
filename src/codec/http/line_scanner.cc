// SPDX-License-Identifier: Apache-2.0
#include "codec/http/line_scanner.h"

#include <utility>

namespace palaver::codec::http {

bool LineScanner::accepts(char byte) const {
  if (after_cr_) return byte == '\n';
  if (byte == '\r') return true;
  // A line that begins with white space continues the one before it: obs-fold.
  if (byte == ' ' || byte == '\t') return line_bytes_ > 0 || lines_ == 0;
  return static_cast<unsigned char>(byte) > 0x20 && byte != 0x7F;
}

LineScanner::Verdict LineScanner::take_line(std::string_view& input, std::size_t bytes_max) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    const char byte = input[i];
    const bool over = bytes_ >= bytes_max;
    if (over || !accepts(byte)) {
      input.remove_prefix(i);
      return over ? Verdict::kLimit : Verdict::kBad;
    }
    ++bytes_;
    if (byte == '\r') {
      after_cr_ = true;
    } else if (byte == '\n') {
      input.remove_prefix(i + 1);
      after_cr_ = false;
      if (std::exchange(line_bytes_, 0) == 0) return Verdict::kEmptyLine;
      ++lines_;
      return Verdict::kLine;
    } else {
      ++line_bytes_;
    }
  }
  input = {};
  return Verdict::kMore;
}

}  // namespace palaver::codec::http
