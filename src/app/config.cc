// SPDX-License-Identifier: Apache-2.0
// adapter: CLI11 (its exceptions end here)
#include "app/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

#include "app/options.h"
#include "app/version.h"
#include "codec/wire/json.h"

namespace palaver::app {

namespace {

using codec::wire::JsonObject;
using codec::wire::JsonValue;

constexpr std::string_view kIntro =
    "Palaver: a room-chat server. Without options it serves a chat on http://localhost:8080.";
constexpr std::string_view kFooter =
    "Each option may also be set in the environment (--ping-interval is PALAVER_PING_INTERVAL) or\n"
    "in the JSON file of --config (keys: docs/OPERATIONS.md). Flags come before the environment,\n"
    "the environment before the file. `palaver token --help`: tokens to try things out.\n";

base::Error named(std::string_view name, const base::Error& error) {
  return {error.code, std::string(name) + ": " + error.message};
}

base::Result<void> apply(const Option& option, Config& config, std::string_view text,
                         std::string_view name) {
  auto applied = option.apply(config, text);
  if (applied) return {};
  base::Error error = std::move(applied.error());
  if (option.value != kUrlValue) error.message += ", got '" + std::string(text) + "'";
  return std::unexpected(named(name, error));
}

// As the command line would have it: the shortest text that is this number.
std::string number_text(double number) {
  std::array<char, 512> text{};  // the longest one has 327 characters
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  return {text.data(), error == std::errc{} ? end : text.data()};
}

// A number, a text, or, for a list, an array of texts as the text that a flag would have.
base::Result<std::string> flag_text(const JsonValue& value, const Option& option) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool() && option.value == kBoolValue) return value.get_bool() ? "true" : "false";
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  if (value.is_double()) return number_text(value.get_double());
  const bool is_list = option.value == kListValue;
  const auto is_text = [](const JsonValue& element) { return element.is_string(); };
  if (is_list && value.is_array() && std::ranges::all_of(value.get_array(), is_text)) {
    std::string list;
    for (const JsonValue& element : value.get_array()) {
      list += std::string(element.get_string()) + ',';
    }
    return list;
  }
  return base::fail(base::ErrorCode::kInvalidArgument,
                    is_list ? "expected an array of texts" : "expected a text or a number");
}

// The options of rooms, which have no flags. nullopt: the key is none of them.
std::optional<base::Result<void>> apply_room_key(std::string_view prefix,
                                                 const JsonObject::value_type& member,
                                                 Config& config) {
  if (prefix == "channel." && member.key() == "namespaces") {
    auto namespaces = read_namespaces(member.value());
    if (!namespaces) return std::unexpected(namespaces.error());
    config.namespaces = std::move(*namespaces);
    return base::Result<void>{};
  }
  if (prefix != "channel.without_namespace.") return std::nullopt;
  auto set = set_room_option(config.without_namespace, std::string(member.key()), member.value());
  if (!set && set.error().code == base::ErrorCode::kNotFound) return std::nullopt;
  return set;
}

// Walks the file's objects; a leaf must be an option's key.
base::Result<void> apply_object(const JsonObject& object, const std::string& prefix,
                                const std::string& file, Config& config) {
  for (const auto& member : object) {
    const std::string key = prefix + std::string(member.key());
    const auto row = std::ranges::find(options(), std::string_view(key), &Option::key);
    const std::string name = '"' + key + "\" in " + file;
    if (row != options().end()) {
      const auto text = flag_text(member.value(), *row);
      if (!text) return std::unexpected(named(name, text.error()));
      if (auto applied = apply(*row, config, *text, name); !applied) return applied;
      continue;
    }
    if (const auto applied = apply_room_key(prefix, member, config)) {
      if (!*applied) return std::unexpected(named(name, applied->error()));
      continue;
    }
    const bool known = std::ranges::any_of(
        options(), [&](const Option& option) { return option.key.starts_with(key + '.'); });
    if (!known || !member.value().is_object()) {
      return base::fail(base::ErrorCode::kInvalidArgument, name + ": there is no such key");
    }
    if (auto applied = apply_object(member.value().get_object(), key + '.', file, config);
        !applied) {
      return applied;
    }
  }
  return {};
}

// `source` is how the operator named the file: --config or PALAVER_CONFIG.
base::Result<void> apply_file(const std::string& source, const std::string& file, Config& config) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return base::fail(base::ErrorCode::kInvalidArgument, source + ": cannot read " + file);
  }
  std::string text;
  text.resize(base::kConfigFileBytesMax + 1);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > base::kConfigFileBytesMax) {
    return base::fail(base::ErrorCode::kInvalidArgument, source + ": " + file + " is too large");
  }
  const auto json = codec::wire::parse_json(text);
  if (!json) return std::unexpected(named(source + ": " + file, json.error()));
  if (!json->is_object()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      source + ": " + file + " is not an object");
  }
  return apply_object(json->get_object(), "", file, config);
}

base::Result<void> apply_environment(const Environment& environment, Config& config) {
  // Cloud Run's contract; PALAVER_PORT is more exact and comes after it.
  if (const char* port = environment("PORT"); port != nullptr && *port != '\0') {
    const auto row = std::ranges::find(options(), std::string_view("port"), &Option::flag);
    if (auto applied = apply(*row, config, port, "PORT"); !applied) return applied;
  }
  // The article's name of --redis-url.
  if (const char* host = environment("REDIS_HOST"); host != nullptr && *host != '\0') {
    const auto row = std::ranges::find(options(), std::string_view("redis-url"), &Option::flag);
    if (auto applied = apply(*row, config, host, "REDIS_HOST"); !applied) return applied;
  }
  for (const Option& option : options()) {
    const std::string name = environment_name(option);
    const char* text = environment(name.c_str());
    if (text == nullptr) continue;
    if (auto applied = apply(option, config, text, name); !applied) return applied;
  }
  return {};
}

struct CommandLine {
  std::vector<std::string> values;  // by row of options(); meaningful where count > 0
  std::vector<const CLI::Option*> rows;
  std::string file;
  bool check = false;
};

constexpr std::size_t kHelpColumn = 36;  // where the texts of the help begin
constexpr std::size_t kHelpWidth = 100;

// In lines that fit beside the flags: this version of CLI11 breaks none by itself.
std::string wrapped(std::string_view text) {
  constexpr std::size_t kRoom = kHelpWidth - kHelpColumn;
  std::string lines;
  while (text.size() > kRoom) {
    const std::size_t space = text.rfind(' ', kRoom);
    if (space == std::string_view::npos) break;  // one long word
    lines += text.substr(0, space);
    lines += '\n';
    text.remove_prefix(space + 1);
  }
  return lines.append(text);
}

void describe(CLI::App& app, CommandLine& line) {
  app.set_help_flag("-h,--help", "Show this help.");
  app.set_version_flag("--version", version_text(), "Show the version.");
  app.add_flag("--check-config", line.check, "Check the options and exit.");
  app.add_option("--config", line.file, "A JSON file with options (PALAVER_CONFIG).")
      ->type_name("FILE");
  line.values.resize(options().size());
  for (std::size_t i = 0; i < options().size(); ++i) {
    const Option& option = options()[i];
    line.rows.push_back(
        app.add_option("--" + std::string(option.flag), line.values[i], wrapped(option.help))
            ->type_name(std::string(option.value))
            ->default_str(std::string(option.initial))
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
            ->group(std::string(option.group)));
  }
  app.footer(std::string(kFooter));
  app.get_formatter()->column_width(kHelpColumn);
}

base::Result<Invocation> read(CommandLine& line, const Environment& environment) {
  Invocation invocation;
  std::string source = "--config";
  if (line.file.empty()) {
    source = "PALAVER_CONFIG";
    const char* file = environment(source.c_str());
    if (file != nullptr) line.file = file;
  }
  Config& config = invocation.config;
  if (!line.file.empty()) {
    if (auto done = apply_file(source, line.file, config); !done) {
      return std::unexpected(done.error());
    }
  }
  if (auto done = apply_environment(environment, config); !done) {
    return std::unexpected(done.error());
  }
  for (std::size_t i = 0; i < line.rows.size(); ++i) {
    if (line.rows[i]->count() == 0) continue;
    const Option& option = options()[i];
    auto done = apply(option, config, line.values[i], "--" + std::string(option.flag));
    if (!done) return std::unexpected(done.error());
  }
  if (line.check) invocation.action = Action::kCheckConfig;
  return invocation;
}

}  // namespace

base::Result<Invocation> read_invocation(int argc, const char* const* argv,
                                         const Environment& environment) {
  CLI::App app{std::string(kIntro), "palaver"};
  CommandLine line;
  describe(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Invocation{.action = Action::kShowText, .config = {}, .text = app.help()};
  } catch (const CLI::CallForVersion&) {
    return Invocation{.action = Action::kShowText, .config = {}, .text = version_text() + "\n"};
  } catch (const CLI::ParseError& error) {
    return base::fail(base::ErrorCode::kInvalidArgument, error.what());
  }
  return read(line, environment);
}

}  // namespace palaver::app
