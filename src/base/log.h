// SPDX-License-Identifier: Apache-2.0
// Logger: one line an event, in the shape of Cloud Logging's structured JSON, or readable on a
// terminal. Made once by app/ and passed by reference; safe on every thread, since each event is
// one write(). Secrets and query strings are never passed to it. A line that cannot be written is
// lost: the log never stops the server.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/clock.h"

namespace palaver::base {

enum class Severity : std::uint8_t { kDebug, kInfo, kWarning, kError };

// A number or a text beside the message.
struct LogField {
  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, const char* text) : name(field_name), value(text) {}
  template <typename Number>
    requires std::is_arithmetic_v<Number>
  LogField(std::string_view field_name, Number number)
      : name(field_name), value(std::to_string(number)), is_number(is_finite(number)) {}

  std::string_view name;
  std::string value;
  bool is_number = false;

 private:
  // JSON has no word for the others: they go as texts.
  template <typename Number>
  static bool is_finite(Number number) {
    if constexpr (std::is_floating_point_v<Number>) return std::isfinite(number);
    return true;
  }
};

class Logger {
 public:
  enum class Format : std::uint8_t { kJson, kText };
  struct Options {
    int descriptor = 2;
    Format format = Format::kJson;
    Severity least = Severity::kInfo;
    WallTime (*now)() = nullptr;  // callable on every thread
  };

  explicit Logger(Options options) : options_(options) {}

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(Severity::kDebug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(Severity::kInfo, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(Severity::kWarning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    write(Severity::kError, message, fields);
  }

 private:
  void write(Severity severity, std::string_view message,
             std::initializer_list<LogField> fields) const;

  Options options_;
};

}  // namespace palaver::base
