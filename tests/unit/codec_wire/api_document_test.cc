// SPDX-License-Identifier: Apache-2.0
// docs/openapi.yaml and the decoder know the same methods. The document is read by its lines: a
// path of ours is a key of two spaces' depth.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include "codec/wire/api_request.h"

namespace palaver::codec::wire {
namespace {

std::set<std::string> documented_paths() {
  std::ifstream document(PALAVER_SOURCE_DIR "/docs/openapi.yaml");
  std::set<std::string> paths;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("  /") && line.ends_with(':'))
      paths.insert(line.substr(2, line.size() - 3));
  }
  return paths;
}

TEST(ApiDocument, NamesEveryMethodAndNoOther) {
  std::set<std::string> expected = {"/api/{method}", "/health", "/ready", "/startup"};
  for (const std::string_view method : api_methods()) {
    expected.insert("/api/" + std::string(method));
  }
  EXPECT_EQ(documented_paths(), expected);
}

}  // namespace
}  // namespace palaver::codec::wire
