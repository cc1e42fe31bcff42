// SPDX-License-Identifier: Apache-2.0
// Strong: compares and hashes like its value, and two of them do not mix.
#include "base/strong.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <unordered_set>

namespace palaver::base {
namespace {

using Name = Strong<struct NameTag, std::string>;
using OtherName = Strong<struct OtherNameTag, std::string>;

static_assert(!std::is_convertible_v<Name, OtherName>);
static_assert(!std::is_convertible_v<Name, std::string>);
static_assert(!std::is_convertible_v<std::string, Name>);
static_assert(sizeof(ShardId) == sizeof(unsigned));

TEST(Strong, ComparesLikeItsValue) {
  EXPECT_EQ(Name{"a"}, Name{"a"});
  EXPECT_NE(Name{"a"}, Name{"b"});
  EXPECT_LT(Name{"a"}, Name{"b"});
  EXPECT_EQ(ShardId{}, ShardId{0});
}

TEST(Strong, HashesLikeItsValue) {
  EXPECT_EQ(std::hash<Name>{}(Name{"a"}), std::hash<std::string>{}("a"));
  const std::unordered_set<Name> names = {Name{"a"}, Name{"b"}, Name{"a"}};
  EXPECT_EQ(names.size(), 2U);
}

}  // namespace
}  // namespace palaver::base
