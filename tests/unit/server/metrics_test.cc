// SPDX-License-Identifier: Apache-2.0
// Metrics: the histogram's bounds, sums over shards, and a text that Prometheus can read.
#include "server/metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace palaver::server {
namespace {

using namespace std::chrono_literals;

struct Family {
  std::string type;
  std::vector<std::pair<std::string, double>> samples;  // name with labels, in order
};

double number(std::string_view text) {
  double value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  EXPECT_TRUE(error == std::errc{} && end == text.data() + text.size()) << text;
  return value;
}

// Whether `sample` ("name{labels}") may stand in the family `name`.
bool belongs(std::string_view sample, const std::string& name, std::string_view type) {
  const std::string_view bare = sample.substr(0, sample.find('{'));
  if (type != "histogram") return bare == name;
  return bare == name + "_bucket" || bare == name + "_sum" || bare == name + "_count";
}

// The text format of Prometheus, version 0.0.4, as strictly as its own parser reads it.
std::map<std::string, Family> parse(const std::string& text) {
  std::map<std::string, Family> families;
  std::set<std::string> seen;
  std::string current;
  std::string helped;
  EXPECT_TRUE(text.ends_with('\n'));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    std::string second;
    std::string name;
    words >> first;
    if (first == "#") {
      words >> second >> name;
      if (second == "HELP") {
        EXPECT_FALSE(families.contains(name)) << name << " comes twice";
        EXPECT_GT(line.size(), std::string_view("# HELP ").size() + name.size() + 1) << line;
        helped = name;
        continue;
      }
      EXPECT_EQ(second, "TYPE") << line;
      EXPECT_EQ(helped, name) << "HELP stands before TYPE";
      current = name;
      words >> families[name].type;
      continue;
    }
    const std::size_t space = line.rfind(' ');
    const std::string sample = line.substr(0, space);
    Family& family = families[current];
    EXPECT_TRUE(belongs(sample, current, family.type)) << line;
    EXPECT_TRUE(seen.insert(sample).second) << sample << " comes twice";
    family.samples.emplace_back(sample, number(std::string_view(line).substr(space + 1)));
  }
  return families;
}

std::map<std::string, double> samples_of(const std::map<std::string, Family>& families) {
  std::map<std::string, double> all;
  for (const auto& [name, family] : families) {
    for (const auto& [sample, value] : family.samples) all[sample] = value;
  }
  return all;
}

// The buckets of a histogram's text, cumulative, with the bound as a text.
std::map<std::string, Family> rendered(const Histogram& histogram) {
  std::string text;
  histogram.render(text, "h", "Help.");
  return parse(text);
}

TEST(Histogram, BoundsDoubleFrom16MicrosecondsTo2Seconds) {
  const Family family = rendered({}).at("h");
  EXPECT_EQ(family.type, "histogram");
  ASSERT_EQ(family.samples.size(), Histogram::kBounds + 3);
  double bound = 16e-6;
  for (std::size_t i = 0; i < Histogram::kBounds; ++i, bound *= 2) {
    const std::string& name = family.samples[i].first;
    constexpr std::string_view kHead = "h_bucket{le=\"";
    ASSERT_TRUE(name.starts_with(kHead) && name.ends_with("\"}")) << name;
    const std::string le = name.substr(kHead.size(), name.size() - kHead.size() - 2);
    EXPECT_NEAR(number(le), bound, bound * 1e-9);
    EXPECT_EQ(family.samples[i].second, 0);
  }
  EXPECT_EQ(family.samples[Histogram::kBounds].first, "h_bucket{le=\"+Inf\"}");
  EXPECT_NEAR(bound / 2, 2.097152, 1e-9) << "the largest one";
}

TEST(Histogram, ABoundBelongsToItsBucket) {
  struct Row {
    base::Duration duration;
    std::size_t bucket;  // the first one that counts it
  };
  constexpr base::Duration kFirst = Histogram::kFirstBound;
  constexpr base::Duration kLast = kFirst * (1 << (Histogram::kBounds - 1));
  for (const auto& [duration, bucket] :
       {Row{0ns, 0}, Row{kFirst, 0}, Row{kFirst + 1ns, 1}, Row{2 * kFirst, 1},
        Row{2 * kFirst + 1ns, 2}, Row{kLast, Histogram::kBounds - 1},
        Row{kLast + 1ns, Histogram::kBounds}, Row{1h, Histogram::kBounds}}) {
    Histogram histogram;
    histogram.add(duration);
    const Family family = rendered(histogram).at("h");
    for (std::size_t i = 0; i <= Histogram::kBounds; ++i) {
      EXPECT_EQ(family.samples[i].second, i >= bucket ? 1 : 0) << duration.count() << " in " << i;
    }
  }
}

TEST(Histogram, SumsAndCounts) {
  Histogram one;
  one.add(1ms);
  one.add(2ms);
  Histogram two;
  two.add(3s);
  one += two;
  const auto samples = samples_of(rendered(one));
  EXPECT_NEAR(samples.at("h_sum"), 3.003, 1e-9);
  EXPECT_EQ(samples.at("h_count"), 3);
  EXPECT_EQ(samples.at("h_bucket{le=\"+Inf\"}"), 3);
}

TEST(Metrics, TheTextIsValidAndComplete) {
  const std::array<ShardMetrics, 2> shards{};
  const auto families = parse(render_metrics(shards));
  EXPECT_GE(families.size(), 20U);
  for (const auto& [name, family] : families) {
    EXPECT_TRUE(name.starts_with("palaver_")) << name;
    EXPECT_FALSE(family.samples.empty()) << name;
    EXPECT_EQ(name.ends_with("_total"), family.type == "counter") << name;
    EXPECT_EQ(name.ends_with("_seconds"), family.type == "histogram") << name;
    for (const auto& [sample, value] : family.samples) EXPECT_EQ(value, 0) << sample;
  }
  EXPECT_EQ(families.at("palaver_refusals_total").samples.size(),
            static_cast<std::size_t>(Refusal::kCount));
  EXPECT_EQ(families.at("palaver_disconnects_total").samples.size(),
            static_cast<std::size_t>(Disconnect::kCount));
}

TEST(Metrics, ShardsAreAddedUp) {
  std::array<ShardMetrics, 3> shards{};
  for (std::size_t i = 0; i < shards.size(); ++i) {
    ShardMetrics& shard = shards[i];
    shard.connections = 1 + i;
    shard.members = 10 + i;
    shard.messages_received = 1'000'000'000'000 + i;
    shard.fanout.deliveries = 5;
    shard.home.publications = 7;
    shard.count(Refusal::kOrigin);
    shard.count(Disconnect::kSlow);
    shard.count(Disconnect::kSlow);
    shard.turn.add(1ms);
  }
  const auto samples = samples_of(parse(render_metrics(shards)));
  EXPECT_EQ(samples.at("palaver_connections"), 6);
  EXPECT_EQ(samples.at("palaver_members"), 33);
  EXPECT_EQ(samples.at("palaver_messages_received_total"), 3'000'000'000'003);
  EXPECT_EQ(samples.at("palaver_deliveries_total"), 15);
  EXPECT_EQ(samples.at("palaver_publications_total"), 21);
  EXPECT_EQ(samples.at("palaver_refusals_total{reason=\"origin\"}"), 3);
  EXPECT_EQ(samples.at("palaver_refusals_total{reason=\"bad_request\"}"), 0);
  EXPECT_EQ(samples.at("palaver_disconnects_total{reason=\"slow\"}"), 6);
  EXPECT_EQ(samples.at("palaver_turn_seconds_count"), 3);
}

TEST(Metrics, EachCounterIsRendered) {
  // Every number of a shard is a power of two: a field that is left out, or taken twice, shows.
  ShardMetrics shard;
  std::vector<std::uint64_t*> fields = {&shard.connections,
                                        &shard.members,
                                        &shard.rooms,
                                        &shard.accepted,
                                        &shard.accept_pauses,
                                        &shard.requests,
                                        &shard.api_requests,
                                        &shard.handshakes,
                                        &shard.replayed,
                                        &shard.messages_received,
                                        &shard.bytes_received,
                                        &shard.pings_sent,
                                        &shard.fanout.deliveries,
                                        &shard.fanout.bytes_sent,
                                        &shard.fanout.runs_joined,
                                        &shard.fanout.slow_path_sends,
                                        &shard.fanout.fast_path_sends,
                                        &shard.home.publications,
                                        &shard.home.holes_filled,
                                        &shard.home.tails_filled,
                                        &shard.home.rooms_lost,
                                        &shard.home.rooms_interrupted};
  for (std::uint64_t& count : shard.fanout.frames_dropped) fields.push_back(&count);
  for (std::uint64_t& count : shard.refusals) fields.push_back(&count);
  for (std::uint64_t& count : shard.disconnects) fields.push_back(&count);
  std::set<double> expected;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    *fields[i] = std::uint64_t{1} << i;
    expected.insert(static_cast<double>(*fields[i]));
  }
  std::set<double> rendered_values;
  for (const auto& [name, family] : parse(render_metrics({&shard, 1}))) {
    if (family.type == "histogram") continue;
    for (const auto& [sample, value] : family.samples) {
      EXPECT_TRUE(rendered_values.insert(value).second) << sample << " has the value of another";
    }
  }
  EXPECT_EQ(rendered_values, expected);
}

}  // namespace
}  // namespace palaver::server
