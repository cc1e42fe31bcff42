// SPDX-License-Identifier: Apache-2.0
// The table of options as a whole: its names, its help, and each option from each source, in the
// order of precedence. Generic over the rows: a new option is tested once it has samples.
#include "app/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "app/version.h"
#include "tests/unit/app/config_samples.h"

namespace palaver::app {
namespace {

std::string flag_of(const Option& option) { return "--" + std::string(option.flag); }
std::string assignment(const Option& option, std::string_view value) {
  return flag_of(option) + '=' + std::string(value);
}
std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

TEST(Options, NoTwoShareAName) {
  std::set<std::string_view> flags = {"config", "check-config", "help", "version"};
  std::set<std::string_view> keys;
  for (const Option& option : options()) {
    EXPECT_TRUE(flags.insert(option.flag).second) << option.flag;
    EXPECT_TRUE(keys.insert(option.key).second) << option.key;
    for (const Option& other : options()) {
      EXPECT_FALSE(other.key.starts_with(std::string(option.key) + '.'))
          << option.key << " would be a value and an object";
    }
  }
}

TEST(Options, NamesAreOfOneKind) {
  for (const Option& option : options()) {
    EXPECT_EQ(option.flag.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos);
    EXPECT_EQ(option.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_."), std::string_view::npos);
    EXPECT_FALSE(option.help.empty());
    EXPECT_FALSE(option.group.empty());
  }
}

TEST(Options, EnvironmentNamesFollowFromFlags) {
  std::set<std::string> names = {"PALAVER_CONFIG"};
  for (const Option& option : options()) {
    const std::string name = environment_name(option);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(name.size(), option.flag.size() + std::string_view("PALAVER_").size());
  }
  EXPECT_TRUE(names.contains("PALAVER_PORT"));
  EXPECT_TRUE(names.contains("PALAVER_HTTP_IDLE_TIMEOUT"));
  EXPECT_TRUE(names.contains("PALAVER_CONNECTIONS_PER_IP_MAX"));
}

TEST(Options, TheHelpsDefaultIsTheDefault) {
  // Words of the help for "not set"; everything else is a value.
  const std::set<std::string_view> words = {
      "all", "none",   "built in",      "own host",          "unknown",
      "any", "random", "the token-key", "without token-key", "system"};
  const std::string untouched = text_of(Config{});
  for (const Option& option : options()) {
    if (!words.contains(option.initial)) {
      EXPECT_EQ(text_with(option, option.initial), untouched) << option.flag;
    }
  }
}

TEST(Options, HelpNamesEveryOptionAndFitsATerminal) {
  const auto invocation = read({"--help"});
  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->action, Action::kShowText);
  const std::string& help = invocation->text;
  for (const Option& option : options()) {
    EXPECT_NE(help.find(flag_of(option) + ' ' + std::string(option.value)), std::string::npos)
        << option.flag;
    EXPECT_NE(help.find(option.group), std::string::npos) << option.group;
    EXPECT_NE(help.find(option.help.substr(0, option.help.find(' '))), std::string::npos);
  }
  for (const std::string_view flag : {"--config", "--check-config", "--help", "--version"}) {
    EXPECT_NE(help.find(flag), std::string::npos) << flag;
  }
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Options, SamplesDiffer) {
  const std::string untouched = text_of(Config{});
  for (const Option& option : options()) {
    const Samples samples = samples_of(option);
    EXPECT_NE(text_with(option, samples.first), untouched) << option.flag;
    EXPECT_NE(text_with(option, samples.first), text_with(option, samples.second)) << option.flag;
    // One of their two values is the default.
    if (option.value == kBoolValue || option.flag == "redis-mode") continue;
    EXPECT_NE(text_with(option, samples.second), untouched) << option.flag;
  }
}

class EachOption : public testing::TestWithParam<std::size_t> {
 protected:
  const Option& option() const { return options()[GetParam()]; }
  Samples samples() const { return samples_of(option()); }
};

std::string effect(const base::Result<Invocation>& invocation) {
  return invocation ? text_of(invocation->config) : "error: " + invocation.error().message;
}

TEST_P(EachOption, ComesFromEachSourceAlone) {
  const std::string value(samples().first);
  const std::string expected = text_with(option(), value);
  EXPECT_EQ(effect(read({assignment(option(), value)})), expected);
  EXPECT_EQ(effect(read({flag_of(option()), value})), expected);
  EXPECT_EQ(effect(read({}, {{environment_name(option()), value}})), expected);

  const ConfigFile nested(json_at(option().key, in_quotes(value)));
  EXPECT_EQ(effect(read({"--config", nested.path()})), expected);
  EXPECT_EQ(effect(read({}, {{"PALAVER_CONFIG", nested.path()}})), expected);
  const ConfigFile dotted('{' + in_quotes(option().key) + ':' + in_quotes(value) + '}');
  EXPECT_EQ(effect(read({"--config", dotted.path()})), expected);
}

TEST_P(EachOption, FlagsComeBeforeEnvironmentBeforeFileBeforeDefault) {
  const auto [first, second, third, wrong] = samples();
  const ConfigFile file(json_at(option().key, in_quotes(first)));
  const std::vector<std::string> arguments = {"--config", file.path()};
  const Variables variables = {{environment_name(option()), std::string(second)}};
  EXPECT_EQ(effect(read({})), text_of(Config{}));
  EXPECT_EQ(effect(read(arguments)), text_with(option(), first));
  EXPECT_EQ(effect(read(arguments, variables)), text_with(option(), second));
  auto with_flag = arguments;
  with_flag.push_back(assignment(option(), third));
  EXPECT_EQ(effect(read(with_flag, variables)), text_with(option(), third));
  EXPECT_EQ(effect(read(with_flag)), text_with(option(), third));
  EXPECT_EQ(effect(read({assignment(option(), third)}, variables)), text_with(option(), third));
  // Of a flag that is there twice the last one counts.
  EXPECT_EQ(effect(read({assignment(option(), third), assignment(option(), first)})),
            text_with(option(), first));
}

TEST_P(EachOption, NumbersOfTheFileAreAsGoodAsTexts) {
  const std::string value(samples().first);
  if (value.find_first_not_of("0123456789.") != std::string::npos || option().flag == "host") {
    return;  // not a number
  }
  const ConfigFile file(json_at(option().key, value));
  EXPECT_EQ(effect(read({"--config", file.path()})), text_with(option(), value));
}

TEST_P(EachOption, ErrorsNameItAsTheOperatorWroteIt) {
  const std::string wrong(samples().wrong);
  if (wrong.empty()) return;  // it takes every text
  const bool shown = option().value != kUrlValue;
  const std::string got = shown ? ", got '" + wrong + "'" : "";
  const auto expect_error = [&](const base::Result<Invocation>& invocation,
                                const std::string& name) {
    ASSERT_FALSE(invocation) << name;
    const base::Error& error = invocation.error();
    EXPECT_EQ(error.code, base::ErrorCode::kInvalidArgument);
    EXPECT_TRUE(error.message.starts_with(name + ": ")) << error.message;
    if (option().flag != "allowed-origins") {
      EXPECT_TRUE(error.message.starts_with(name + ": expected ")) << error.message;
    }
    EXPECT_TRUE(error.message.ends_with(got)) << error.message;
    EXPECT_EQ(error.message.find(wrong) != std::string::npos, shown) << error.message;
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
  };
  expect_error(read({assignment(option(), wrong)}), flag_of(option()));
  expect_error(read({}, {{environment_name(option()), wrong}}), environment_name(option()));
  const ConfigFile file(json_at(option().key, in_quotes(wrong)));
  expect_error(read({"--config", file.path()}), in_quotes(option().key) + " in " + file.path());
}

TEST_P(EachOption, OtherTypesInTheFileAreErrors) {
  const std::string name = in_quotes(option().key) + " in ";
  for (const std::string_view value :
       {"true", "null", "{}", R"({"a":1})", "[1]", "[null]", R"(["https://a.example",5])",
        R"(["https://a.example",["https://b.example"]])"}) {
    if (value == "true" && option().value == kBoolValue) continue;
    const ConfigFile file(json_at(option().key, value));
    const auto invocation = read({"--config", file.path()});
    ASSERT_FALSE(invocation) << option().flag << ' ' << value;
    EXPECT_TRUE(invocation.error().message.starts_with(name + file.path() + ": expected "))
        << invocation.error().message;
  }
  // An array is for lists only.
  const bool origins = option().flag == "allowed-origins";
  const ConfigFile file(
      json_at(option().key, origins ? R"(["https://a.example","null"])" : R"(["a:1","b:2"])"));
  EXPECT_EQ(read({"--config", file.path()}).has_value(), option().value == kListValue);
}

TEST_P(EachOption, IsNotPartOfALongerOrShorterName) {
  const std::string value(samples().first);
  EXPECT_FALSE(read({flag_of(option()) + "x=" + value}));
  // One dash: an error, or, where it begins so, -h.
  EXPECT_NE(effect(read({'-' + std::string(option().flag) + '=' + value})),
            text_with(option(), value));
  const ConfigFile longer(json_at(std::string(option().key) + "x", in_quotes(value)));
  EXPECT_FALSE(read({"--config", longer.path()}));
  const ConfigFile deeper(json_at(std::string(option().key) + ".x", in_quotes(value)));
  EXPECT_FALSE(read({"--config", deeper.path()}));
}

INSTANTIATE_TEST_SUITE_P(All, EachOption, testing::Range(std::size_t{0}, options().size()),
                         [](const testing::TestParamInfo<std::size_t>& row) {
                           std::string name(options()[row.param].flag);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace palaver::app
