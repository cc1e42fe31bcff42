// SPDX-License-Identifier: Apache-2.0
// usable_cpus on files of a cgroup hierarchy that the test writes. The answer never exceeds the
// machine's own, which is what every expectation is lowered to.
#include "net/cpus.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace palaver::net {
namespace {

namespace fs = std::filesystem;

class CpusTest : public testing::Test {
 protected:
  CpusTest() {
    std::string name = testing::TempDir() + "palaver_cgroup_XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directories(root_ / "fs/app/web");
    set_own_group("0::/app/web\n");
    all_ = usable_cpus((root_ / "nothing").string(), (root_ / "nothing").string());
  }
  ~CpusTest() override { fs::remove_all(root_); }

  void write(const fs::path& file, std::string_view text) const {
    std::ofstream(root_ / file) << text;
  }
  void set_own_group(std::string_view text) const { write("self", text); }
  void set_quota(const std::string& group, std::string_view text) const {
    write("fs/" + group + "/cpu.max", text);
  }
  [[nodiscard]] unsigned usable() const {
    return usable_cpus((root_ / "fs").string(), (root_ / "self").string());
  }
  [[nodiscard]] unsigned at_most(unsigned cpus) const { return std::min(cpus, all_); }

  fs::path root_;
  unsigned all_ = 0;
};

TEST_F(CpusTest, WithoutQuotaAllOfTheMachine) {
  EXPECT_GE(all_, 1U);
  EXPECT_EQ(usable(), all_) << "no cpu.max";
  set_quota("app/web", "max 100000\n");
  set_quota("app", "max 100000\n");
  EXPECT_EQ(usable(), all_);
}

TEST_F(CpusTest, AQuotaIsRoundedUp) {
  const auto with = [this](std::string_view text) {
    set_quota("app/web", text);
    return usable();
  };
  EXPECT_EQ(with("150000 100000\n"), at_most(2));
  EXPECT_EQ(with("200000 100000\n"), at_most(2));
  EXPECT_EQ(with("200001 100000\n"), at_most(3));
  EXPECT_EQ(with("100000 100000\n"), 1U);
  EXPECT_EQ(with("50000 100000\n"), 1U);
  EXPECT_EQ(with("1000 100000\n"), 1U) << "never none";
  EXPECT_EQ(with("25000 50000\n"), 1U) << "another period";
  EXPECT_EQ(with("75000 50000\n"), at_most(2));
  EXPECT_EQ(with("100000000 100000\n"), all_) << "more than there are";
  EXPECT_EQ(with("99999999999999999999999 100000\n"), all_);
}

TEST_F(CpusTest, TheLowestOfTheGroupsAboveCounts) {
  set_quota("app/web", "400000 100000\n");
  set_quota("app", "100000 100000\n");
  EXPECT_EQ(usable(), 1U);
  set_quota("app/web", "max 100000\n");
  EXPECT_EQ(usable(), 1U);
  set_quota("app", "max 100000\n");
  EXPECT_EQ(usable(), all_);
  set_quota("", "100000 100000\n");
  EXPECT_EQ(usable(), 1U) << "the root of a namespace has one";
}

TEST_F(CpusTest, GroupsBesideAreNotLookedAt) {
  fs::create_directories(root_ / "fs/app/other");
  set_quota("app/other", "100000 100000\n");
  EXPECT_EQ(usable(), all_);
}

TEST_F(CpusTest, TheUnifiedHierarchyIsFoundAmongOthers) {
  set_quota("app/web", "100000 100000\n");
  set_own_group("12:cpu,cpuacct:/elsewhere\n1:name=systemd:/x\n0::/app/web\n");
  EXPECT_EQ(usable(), 1U);
}

TEST_F(CpusTest, InTheRootOfANamespaceTheRootCounts) {
  set_own_group("0::/\n");
  EXPECT_EQ(usable(), all_);
  set_quota("", "100000 100000\n");
  EXPECT_EQ(usable(), 1U);
  set_own_group("");
  EXPECT_EQ(usable(), 1U) << "no line of version 2";
}

TEST_F(CpusTest, FilesThatSayNothingCountAsNoQuota) {
  for (const std::string_view text : {"", "\n", "max\n", "100000\n", "100000 0\n", "0 100000\n",
                                      "-1 100000\n", "1e5 100000\n", "x y\n", "100000 x\n"}) {
    set_quota("app/web", text);
    EXPECT_EQ(usable(), all_) << text;
  }
}

}  // namespace
}  // namespace palaver::net
