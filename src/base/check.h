// SPDX-License-Identifier: Apache-2.0
// CHECK(condition, "text"): guards what only our own mistake could break. On in release too; it
// prints place and text to standard error and aborts. Never for input, never for the system's
// errors.
#pragma once

namespace palaver::base {

[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* text);

}  // namespace palaver::base

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): a function cannot name the caller's expression
#define CHECK(condition, text)                                             \
  do {                                                                     \
    if (!(condition)) [[unlikely]]                                         \
      ::palaver::base::check_failed(__FILE__, __LINE__, #condition, text); \
  } while (false)
