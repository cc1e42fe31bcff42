// SPDX-License-Identifier: Apache-2.0
// What the tests of the configuration share: values for each option, a Config as text, so that two
// can be compared, and a command line, an environment and a file to read it from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/options.h"
#include "base/result.h"

namespace palaver::app {

// Three values with different effects, none of them the default's, and one that is refused ("" for
// options that take every text).
struct Samples {
  std::string_view first;
  std::string_view second;
  std::string_view third;
  std::string_view wrong;
};
// Of every option; a failure of the test for an option that has none.
[[nodiscard]] Samples samples_of(const Option& option);

// All that the operator can set.
[[nodiscard]] std::string text_of(const Config& config);
// The default, changed by this one option.
[[nodiscard]] std::string text_with(const Option& option, std::string_view value);

// A file that is gone with the object.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text);
  ~ConfigFile();
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// {"a":{"b":value}} for the key "a.b"; `value` is JSON.
[[nodiscard]] std::string json_at(std::string_view key, std::string_view value);

using Variables = std::map<std::string, std::string>;
[[nodiscard]] base::Result<Invocation> read(const std::vector<std::string>& arguments,
                                            const Variables& variables = {});

}  // namespace palaver::app
