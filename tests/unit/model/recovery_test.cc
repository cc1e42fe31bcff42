// SPDX-License-Identifier: Apache-2.0
#include "model/recovery.h"

#include <gtest/gtest.h>

#include <optional>

namespace palaver::model {
namespace {

struct Case {
  const char* name;
  Position since;
  Position top;
  std::optional<Publication> next;
  bool recovered;
};

Position at(const char* epoch, std::uint64_t offset) { return {Epoch{epoch}, Offset{offset}}; }
Publication entry(std::uint64_t offset, std::uint64_t prev) {
  return {.offset = Offset{offset}, .prev = Offset{prev}, .sender = {}, .data = {}};
}

TEST(RecoveredFrom, Table) {
  const Case cases[] = {
      {"nothing was missed", at("e", 30), at("e", 30), {}, true},
      {"the next entry follows directly", at("e", 20), at("e", 30), entry(30, 20), true},
      {"the next entry follows another", at("e", 10), at("e", 30), entry(30, 20), false},
      {"everything above was trimmed", at("e", 20), at("e", 30), {}, false},
      {"above the top: an entry that the broker lost", at("e", 40), at("e", 30), {}, false},
      {"between two entries: never an offset of this room", at("e", 25), at("e", 30), entry(30, 20),
       false},
      {"another epoch at the same offset", at("f", 30), at("e", 30), {}, false},
      {"another epoch with a fitting prev", at("f", 20), at("e", 30), entry(30, 20), false},
      {"an empty epoch with an offset", at("", 20), at("e", 30), entry(30, 20), false},
      {"from the beginning, empty room", at("", 0), at("e", 0), {}, true},
      {"from the beginning, nothing trimmed", at("", 0), at("e", 30), entry(10, 0), true},
      {"from the beginning, oldest trimmed", at("", 0), at("e", 30), entry(20, 10), false},
      {"from the beginning, all trimmed", at("", 0), at("e", 30), {}, false},
      {"offset 0 of this epoch, nothing trimmed", at("e", 0), at("e", 30), entry(10, 0), true},
      {"offset 0 of this epoch, oldest trimmed", at("e", 0), at("e", 30), entry(20, 10), false},
      {"offset 0 of this epoch, empty room", at("e", 0), at("e", 0), {}, true},
      {"offset 0 of another epoch", at("f", 0), at("e", 30), entry(10, 0), false},
      {"a room that does not exist, from the beginning", at("", 0), at("", 0), {}, true},
      {"a room that is gone", at("e", 30), at("", 0), {}, false},
      {"a room that is gone, offset 0", at("e", 0), at("", 0), {}, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(recovered_from(c.since, c.top, c.next ? &*c.next : nullptr), c.recovered) << c.name;
  }
}

}  // namespace
}  // namespace palaver::model
