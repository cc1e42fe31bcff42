// SPDX-License-Identifier: Apache-2.0
#include "rooms/namespaces.h"

#include <gtest/gtest.h>

#include <string>

namespace palaver::rooms {
namespace {

TEST(Namespaces, AreNamedByWhatStandsBeforeTheColon) {
  RoomOptions without;
  without.history_size = 1;
  RoomOptions team;
  team.history_size = 2;
  Namespaces namespaces(without);
  ASSERT_TRUE(namespaces.add("team", team));
  const auto size = [&](std::string_view room) {
    const RoomOptions* options = namespaces.find(room);
    return options == nullptr ? 0 : options->history_size;
  };
  EXPECT_EQ(size("lobby"), 1U);
  EXPECT_EQ(size("$lobby"), 1U);
  EXPECT_EQ(size("team:a"), 2U);
  EXPECT_EQ(size("$team:a"), 2U);
  EXPECT_EQ(size("team:"), 2U);
  EXPECT_EQ(size("team:a:b"), 2U);
  EXPECT_EQ(size("team"), 1U);
  EXPECT_EQ(size("teams:a"), 0U);
  EXPECT_EQ(size(":a"), 0U);
}

TEST(Namespaces, NamesAreShortAndPlain) {
  Namespaces namespaces;
  EXPECT_TRUE(namespaces.add("a-Z_0.9", {}));
  EXPECT_TRUE(namespaces.add(std::string(64, 'n'), {}));
  for (const std::string& name : {std::string(), std::string(65, 'n'), std::string("a b"),
                                  std::string("a:b"), std::string("$a"), std::string("\u00e4")}) {
    EXPECT_FALSE(namespaces.add(name, {})) << name;
  }
  EXPECT_EQ(namespaces.add("a-Z_0.9", {}).error().message,
            "there is a namespace 'a-Z_0.9' already");
}

// client, subscriber, anonymous; then: somebody named outside, inside, anonymous outside, inside.
TEST(Right, IsForSomeOrAll) {
  using auth::Standing;
  struct Row {
    Right right;
    bool named, named_inside, anonymous, anonymous_inside;
  };
  for (const Row& row : {Row{{true, true, true}, true, true, true, true},
                         Row{{true, true, false}, true, true, false, false},
                         Row{{false, true, true}, false, true, false, true},
                         Row{{false, true, false}, false, true, false, false},
                         Row{{true, false, true}, true, true, true, true},
                         Row{{false, false, true}, false, false, false, false}}) {
    EXPECT_EQ(row.right.allows(Standing::kVerified, false), row.named);
    EXPECT_EQ(row.right.allows(Standing::kVerified, true), row.named_inside);
    EXPECT_EQ(row.right.allows(Standing::kAnonymous, false), row.anonymous);
    EXPECT_EQ(row.right.allows(Standing::kAnonymous, true), row.anonymous_inside);
  }
}

}  // namespace
}  // namespace palaver::rooms
