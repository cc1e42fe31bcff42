// SPDX-License-Identifier: Apache-2.0
// FieldWriter and FieldReader: how values look in what nodes tell each other: their fields in one
// order, each with its length before it (see pack() in entry.h). The same walk over a value's
// fields writes it and reads it. Pure; what came from another node is never trusted.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/node_bus.h"
#include "broker/redis/entry.h"
#include "model/position.h"

namespace palaver::broker::redis {

class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}
  void operator()(const std::string& text) { pack(out_, text); }
  template <std::integral Number>
  void operator()(Number number) {
    pack(out_, std::to_string(number));
  }
  template <typename T>
  void operator()(const std::optional<T>& value) {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }
  template <typename T>
  void operator()(const std::vector<T>& list) {
    (*this)(list.size());
    for (const T& each : list) (*this)(each);
  }
  template <typename First, typename Second>
  void operator()(const std::pair<First, Second>& both) {
    (*this)(both.first);
    (*this)(both.second);
  }
  template <typename Value>
    requires requires(const Value& value) { value.value; }
  void operator()(const Value& strong) {
    (*this)(strong.value);
  }
  void operator()(const model::Position& position) {
    (*this)(position.epoch);
    (*this)(position.offset);
  }
  void operator()(const Whom& whom) {
    (*this)(whom.user);
    (*this)(whom.client);
    (*this)(whom.session);
  }

 private:
  std::string& out_;
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view in) : in_(in) {}
  [[nodiscard]] bool ok() const { return ok_; }

  void operator()(std::string& text) {
    const auto field = unpack(in_);
    ok_ = ok_ && field.has_value();
    if (field) text.assign(*field);
  }
  template <std::integral Number>
  void operator()(Number& number) {
    std::string text;
    (*this)(text);
    std::int64_t read = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    ok_ = ok_ && error == std::errc() && end == text.data() + text.size() &&
          std::in_range<Number>(read);
    if (ok_) number = static_cast<Number>(read);
  }
  void operator()(bool& flag) {
    std::uint8_t number = 0;
    (*this)(number);
    flag = number != 0;
  }
  template <typename T>
  void operator()(std::optional<T>& value) {
    bool has = false;
    (*this)(has);
    if (ok_ && has) (*this)(value.emplace());
  }
  template <typename T>
  void operator()(std::vector<T>& list) {
    std::size_t size = 0;
    (*this)(size);
    // Each element takes some bytes: no message makes us reserve what it does not hold.
    for (std::size_t i = 0; ok_ && i < size; ++i) (*this)(list.emplace_back());
  }
  template <typename First, typename Second>
  void operator()(std::pair<First, Second>& both) {
    (*this)(both.first);
    (*this)(both.second);
  }
  template <typename Value>
    requires requires(Value& value) { value.value; }
  void operator()(Value& strong) {
    (*this)(strong.value);
  }
  void operator()(model::Position& position) {
    (*this)(position.epoch);
    (*this)(position.offset);
  }
  void operator()(Whom& whom) {
    (*this)(whom.user);
    (*this)(whom.client);
    (*this)(whom.session);
  }

 private:
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace palaver::broker::redis
