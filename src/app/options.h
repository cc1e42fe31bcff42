// SPDX-License-Identifier: Apache-2.0
// The table of options: one row for each, from which flags, environment names, keys of the file and
// the help are made. A row's `apply` checks a text and puts it into the Config.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/config.h"
#include "base/result.h"

namespace palaver::app {

// `value` of options that take texts between commas: in the file they may be arrays.
inline constexpr std::string_view kListValue = "LIST";
// `value` of options that are true or false, which the file may say without quotes.
inline constexpr std::string_view kBoolValue = "BOOL";
// `value` of options that may hold a password: errors do not repeat them.
inline constexpr std::string_view kUrlValue = "URL";

struct Option {
  std::string_view flag;     // "--flag" on the command line, PALAVER_FLAG in the environment
  std::string_view key;      // in the file: a path with dots; Centrifugo's name where it has one
  std::string_view value;    // what the help calls the value
  std::string_view initial;  // the default, for the help
  std::string_view group;
  std::string_view help;
  base::Result<void> (*apply)(Config&, std::string_view text);
};

[[nodiscard]] std::span<const Option> options();

// "--http-idle-timeout" is PALAVER_HTTP_IDLE_TIMEOUT.
[[nodiscard]] std::string environment_name(const Option& option);

}  // namespace palaver::app
