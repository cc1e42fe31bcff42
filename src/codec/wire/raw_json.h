// SPDX-License-Identifier: Apache-2.0
// RawJson: a value inside a JSON text that has been validated as a whole. It is a view of the text
// as it was written, so that what only passes through (`data`) stays byte for byte what the sender
// wrote. It builds no tree; reading a member walks the text once. The text outlives its values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace palaver::codec::wire {

class RawJson {
 public:
  // One whole JSON text (RFC 8259) of valid UTF-8, no deeper than kJsonDepthMax.
  // kInvalidArgument: says what is wrong and at which byte.
  [[nodiscard]] static base::Result<RawJson> parse(std::string_view text);

  // As it was written, without space around it.
  [[nodiscard]] std::string_view text() const { return text_; }
  // The same without the line breaks that may stand between its parts: they would end the line that
  // it is put into. (Inside of strings JSON has none.)
  [[nodiscard]] std::string on_one_line() const;

  [[nodiscard]] bool is_object() const { return text_.starts_with('{'); }
  [[nodiscard]] bool is_array() const { return text_.starts_with('['); }
  [[nodiscard]] bool is_string() const { return text_.starts_with('"'); }
  [[nodiscard]] bool is_null() const { return text_ == "null"; }

  // Nothing: it is a value of another kind. A number must be whole, without fraction or exponent,
  // and fit.
  [[nodiscard]] std::optional<std::string> string() const;
  [[nodiscard]] std::optional<bool> boolean() const;
  [[nodiscard]] std::optional<std::int64_t> int64() const;
  [[nodiscard]] std::optional<std::uint64_t> uint64() const;
  // Of any number that fits: what stands before its fraction, with its exponent applied.
  [[nodiscard]] std::optional<std::int64_t> whole_part() const;

  // The members of an object or elements of an array, in order; nothing for other values. The
  // visitor stops the walk by returning false.
  using MemberVisitor = std::function<bool(std::string_view name, RawJson value)>;
  using ElementVisitor = std::function<bool(RawJson value)>;
  void each_member(const MemberVisitor& visit) const;
  void each_element(const ElementVisitor& visit) const;
  // The last member of this name.
  [[nodiscard]] std::optional<RawJson> member(std::string_view name) const;

 private:
  explicit RawJson(std::string_view text) : text_(text) {}

  std::string_view text_;
};

}  // namespace palaver::codec::wire
