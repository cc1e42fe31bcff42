// SPDX-License-Identifier: Apache-2.0
#include "tests/support/redis_sentinels.h"

#include <gtest/gtest.h>

namespace palaver::tests::support {
namespace {

class TheSentinels : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_redis()) GTEST_SKIP() << *why;
  }
};

TEST_F(TheSentinels, ReplaceAKilledPrimaryAndTakeItBackAsAReplica) {
  RedisSentinels group;
  RedisServer& old = group.primary();
  RedisServer& next = group.replica();
  old.command({"SET", "key", "value"});
  until([&] { return next.command({"GET", "key"}) == "value"; }, "the replica to have the key");
  old.kill();
  group.wait_for_failover(old);
  EXPECT_EQ(&group.primary(), &next);
  EXPECT_EQ(next.command({"GET", "key"}), "value");
  EXPECT_EQ(next.command({"SET", "key", "newer"}), "OK");
  old.restart();
  group.wait_until_ready();
  EXPECT_EQ(&group.replica(), &old);
  until([&] { return old.command({"GET", "key"}) == "newer"; }, "the replica to have the key");
}

TEST_F(TheSentinels, ReplaceAFrozenPrimaryWithTwoOfThreeWithTlsAndPasswords) {
  const Certificates certificates;
  RedisSentinels group(
      {.server = {.tls = &certificates, .password = "secret"}, .sentinel_password = "quiet"});
  EXPECT_EQ(group.sentinel_ports().size(), RedisSentinels::kSentinels);
  RedisServer& old = group.primary();
  group.sentinel(0).kill();
  old.freeze();
  group.wait_for_failover(old);
  old.thaw();
  group.wait_until_ready();
  EXPECT_NE(&group.primary(), &old);
  EXPECT_EQ(old.info("role"), "slave");
}

}  // namespace
}  // namespace palaver::tests::support
