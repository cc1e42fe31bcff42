// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_executor.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace palaver::tests::support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(FakeCluster, RunsTasksLaterInTheOrderOfPosting) {
  FakeCluster cluster(2);
  std::string log;
  cluster.shard(1).post([&] { log += 'a'; });
  cluster.shard(0).post([&] {
    log += 'b';
    cluster.shard(1).post([&] { log += 'd'; });
    EXPECT_TRUE(cluster.in_task());
  });
  cluster.shard(1).post([&] { log += 'c'; });
  EXPECT_EQ(log, "");
  EXPECT_EQ(cluster.ready(), 3U);
  EXPECT_EQ(cluster.run_until_idle(), 4U);
  EXPECT_EQ(log, "abcd");
  EXPECT_FALSE(cluster.run_one());
}

TEST(FakeCluster, RunsEachTimerAtItsTime) {
  FakeCluster cluster(1);
  const base::Instant start = cluster.now();
  std::vector<base::Duration> times;
  const auto note = [&] { times.push_back(cluster.now() - start); };
  cluster.shard(0).run_after(seconds{2}, note);
  cluster.shard(0).run_after(seconds{1}, [&] {
    note();
    cluster.shard(0).run_after(milliseconds{500}, note);
  });
  cluster.shard(0).run_after(seconds{9}, note);
  EXPECT_EQ(cluster.run_until_idle(), 0U);
  cluster.advance(seconds{2});
  EXPECT_EQ(times, (std::vector<base::Duration>{seconds{1}, milliseconds{1500}, seconds{2}}));
  EXPECT_EQ(cluster.timers(), 1U);
  EXPECT_EQ(cluster.now(), start + seconds{2});
}

TEST(FakeCluster, MovesTheWallWithTheTimeUnlessItJumps) {
  FakeCluster cluster(1);
  const base::WallTime start = cluster.shard(0).wall_now();
  for (int i = 0; i < 4; ++i) cluster.advance(std::chrono::microseconds{500});
  EXPECT_EQ(cluster.shard(0).wall_now(), start + milliseconds{2});
  const base::Instant before = cluster.shard(0).now();
  cluster.jump_wall(-seconds{5});
  EXPECT_EQ(cluster.shard(0).wall_now(), start + milliseconds{2} - seconds{5});
  EXPECT_EQ(cluster.shard(0).now(), before);
}

// Two shards post to a third; each one's tasks stay in order, and the seed decides the rest.
std::string interleaved(std::uint64_t seed) {
  FakeCluster cluster(3, seed);
  std::string log;
  for (const unsigned poster : {0U, 1U}) {
    cluster.shard(poster).post([&cluster, &log, poster] {
      for (int i = 0; i < 6; ++i) {
        cluster.shard(2).post([&log, poster, i] { log += static_cast<char>("aA"[poster] + i); });
      }
    });
  }
  cluster.run_until_idle();
  return log;
}

TEST(FakeCluster, SeedShufflesPostersButNotWhatOnePosts) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const std::string log = interleaved(seed);
    EXPECT_EQ(log, interleaved(seed)) << "seed " << seed;
    seen.insert(log);
    std::string lower;
    std::string upper;
    for (const char c : log) (c >= 'a' ? lower : upper) += c;
    EXPECT_EQ(lower, "abcdef") << "seed " << seed;
    EXPECT_EQ(upper, "ABCDEF") << "seed " << seed;
  }
  EXPECT_GT(seen.size(), 10U);
}

TEST(FakeCluster, RunsOnAShardAtOnceAheadOfItsTasks) {
  FakeCluster cluster(2);
  std::string log;
  const auto where = [&] {
    return std::string(cluster.runs(base::ShardId{0}) ? "0" : "") +
           (cluster.runs(base::ShardId{1}) ? "1" : "");
  };
  cluster.shard(1).post([&] { log += 'a' + where(); });
  cluster.run_on(base::ShardId{1}, [&] {
    log += 'b' + where();
    cluster.shard(1).run_after(seconds{1}, [&] { log += 'c' + where(); });
  });
  EXPECT_EQ(log, "b1");
  EXPECT_EQ(where(), "");
  cluster.advance(seconds{1});
  EXPECT_EQ(log, "b1a1c1");
}

TEST(FakeCluster, StopDestroysTasksWithoutRunningThem) {
  FakeCluster cluster(2);
  auto token = std::make_shared<int>(0);
  int ran = 0;
  cluster.shard(0).post([token, &ran] { ++ran; });
  cluster.shard(0).run_after(seconds{1}, [token, &ran] { ++ran; });
  cluster.shard(1).post([token, &ran] { ++ran; });
  cluster.stop(base::ShardId{0});
  cluster.shard(0).post([token, &ran] { ++ran; });
  EXPECT_EQ(token.use_count(), 2);
  cluster.advance(seconds{2});
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace palaver::tests::support
