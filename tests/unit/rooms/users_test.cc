// SPDX-License-Identifier: Apache-2.0
#include "rooms/users.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "base/limits.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::rooms {
namespace {

using palaver::rooms::Users;
using palaver::rooms::UserSession;

class FakeSession final : public UserSession {
 public:
  FakeSession(std::string user, std::string client)
      : user_{std::move(user)}, client_(std::move(client)) {}
  [[nodiscard]] const model::UserId& user() const override { return user_; }
  [[nodiscard]] std::string_view client() const override { return client_; }
  void obey(const broker::NodeCommand& /*command*/) override { ++commands; }

  int commands = 0;

 private:
  model::UserId user_;
  std::string client_;
};

class UsersTest : public testing::Test {
 protected:
  // How often each of the three sessions was told.
  std::string told(broker::Whom whom) {
    users_.on_command(broker::SendCommand{.whom = std::move(whom), .data = "1"});
    std::string text;
    for (FakeSession* session : {&phone_, &laptop_, &bob_}) {
      text += std::to_string(std::exchange(session->commands, 0));
    }
    return text;
  }

  support::FakeCluster cluster_{1U};
  Users users_{cluster_.shard(0)};
  FakeSession phone_{"ann", "1"};
  FakeSession laptop_{"ann", "2"};
  FakeSession bob_{"bob", "3"};
};

TEST_F(UsersTest, CommandsReachThoseWhoFit) {
  for (FakeSession* session : {&phone_, &laptop_, &bob_}) users_.add(*session);
  EXPECT_EQ(told({.user = {"ann"}, .client = {}, .session = {}}), "110");
  EXPECT_EQ(told({.user = {"ann"}, .client = "2", .session = {}}), "010");
  EXPECT_EQ(told({.user = {"ann"}, .client = "3", .session = {}}), "000");
  EXPECT_EQ(told({.user = {}, .client = "3", .session = {}}), "001");
  EXPECT_EQ(told({.user = {"carl"}, .client = {}, .session = {}}), "000");
  EXPECT_EQ(told({.user = {"ann"}, .client = {}, .session = "s"}), "000");
  users_.remove(phone_);
  users_.remove(phone_);
  EXPECT_EQ(told({.user = {"ann"}, .client = {}, .session = {}}), "010");
}

TEST_F(UsersTest, CountsAUserOnceAndNobodyEachTime) {
  FakeSession nobody("", "4");
  FakeSession nobody_else("", "5");
  for (FakeSession* session : {&phone_, &laptop_, &bob_, &nobody, &nobody_else}) {
    users_.add(*session);
  }
  const auto hashes = users_.hashes();
  EXPECT_EQ(hashes.size(), 4U);
  EXPECT_EQ(std::set<std::size_t>(hashes.begin(), hashes.end()).size(), 4U);
}

TEST_F(UsersTest, BlocksHoldAndEnd) {
  users_.add(phone_);
  const auto now = std::chrono::floor<std::chrono::seconds>(cluster_.shard(0).wall_now());
  const auto seconds = now.time_since_epoch().count();
  users_.on_command(broker::BlockCommand{.user = {"ann"}, .until = seconds + 2});
  EXPECT_EQ(phone_.commands, 1);
  EXPECT_TRUE(users_.is_blocked({"ann"}));
  EXPECT_FALSE(users_.is_blocked({"bob"}));
  cluster_.advance(std::chrono::seconds{2});
  EXPECT_FALSE(users_.is_blocked({"ann"}));
  users_.on_command(broker::BlockCommand{.user = {"ann"}, .until = {}});
  users_.on_command(broker::UnblockCommand{.user = {"ann"}});
  EXPECT_FALSE(users_.is_blocked({"ann"}));
}

TEST_F(UsersTest, OfTooManyBlocksTheFirstToEndGoes) {
  users_.on_command(broker::BlockCommand{.user = {"for good"}, .until = {}});
  const std::int64_t far = 4'000'000'000;
  for (std::size_t i = 1; i < base::kBlockedUsersMax; ++i) {
    users_.on_command(broker::BlockCommand{.user = {std::to_string(i)},
                                           .until = far + static_cast<std::int64_t>(i)});
  }
  EXPECT_TRUE(users_.is_blocked({"1"})) << "at the limit";
  users_.on_command(broker::BlockCommand{.user = {"one more"}, .until = {}});
  EXPECT_FALSE(users_.is_blocked({"1"}));
  EXPECT_TRUE(users_.is_blocked({"2"}));
  EXPECT_TRUE(users_.is_blocked({"for good"}));
  EXPECT_TRUE(users_.is_blocked({"one more"}));
}

}  // namespace
}  // namespace palaver::tests::rooms
