// SPDX-License-Identifier: Apache-2.0
// ClientId: the public name of a connection, short enough to stand where it is needed without
// memory of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/check.h"

namespace palaver::rooms {

class ClientId {
 public:
  static constexpr std::size_t kBytesMax = 11;

  // `text` has at most kBytesMax bytes.
  explicit ClientId(std::string_view text) : size_(static_cast<unsigned char>(text.size())) {
    CHECK(text.size() <= kBytesMax, "a client's id is short");
    std::ranges::copy(text, text_.begin());
  }

  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, kBytesMax> text_{};
  unsigned char size_;
};

}  // namespace palaver::rooms
