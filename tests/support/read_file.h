// SPDX-License-Identifier: Apache-2.0
// read_file(): all of a small file, such as the log of a process, as a text; "" when there is none.
// For tests, which put it into what they say when something is wrong.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace palaver::tests::support {

[[nodiscard]] inline std::string read_file(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace palaver::tests::support
