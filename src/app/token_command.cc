// SPDX-License-Identifier: Apache-2.0
// adapter: CLI11 (its exceptions end here)
#include "app/token_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "app/values.h"
#include "auth/jwt/jwt.h"
#include "base/json_text.h"
#include "codec/wire/raw_json.h"

namespace palaver::app {

namespace {

struct Wishes {
  std::string user;
  std::string expires = "1h";
  std::string info;
  std::string channels;
  std::string channel;
  std::string algorithm = "HS256";
  std::string key;
  std::string config;
};

void describe(CLI::App& app, Wishes& wishes) {
  app.set_help_flag("-h,--help", "Show this help.");
  const auto text = [&](const char* flag, std::string& into, const char* value, const char* help) {
    app.add_option(flag, into, help)->type_name(value);
  };
  text("--user", wishes.user, "ID", "The user (`sub`); without it the anonymous one.");
  text("--expires", wishes.expires, "TIME", "How long it is valid: 1h, 7d; never. 1h without it.");
  text("--info", wishes.info, "JSON", "What others see, like {\"name\":\"Ann\"}.");
  text("--channels", wishes.channels, "LIST", "Rooms that the server subscribes the user to.");
  text("--channel", wishes.channel, "ROOM", "Makes a subscription token, for this room.");
  text("--algorithm", wishes.algorithm, "NAME", "HS256, HS384 or HS512.");
  text("--token-key", wishes.key, "KEY", "The key, if not from the environment or the file.");
  text("--config", wishes.config, "FILE", "The server's configuration file.");
}

std::unexpected<base::Error> wrong(std::string message) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

base::Result<auth::jwt::Algorithm> algorithm_of(std::string_view name) {
  using auth::jwt::Algorithm;
  if (name == "HS256") return Algorithm::kHs256;
  if (name == "HS384") return Algorithm::kHs384;
  if (name == "HS512") return Algorithm::kHs512;
  return wrong("--algorithm: expected one of HS256, HS384, HS512, got '" + std::string(name) + "'");
}

// As the server would read it.
base::Result<Config> server_config(const Wishes& wishes, const Environment& environment) {
  std::vector<const char*> arguments{"palaver"};
  if (!wishes.config.empty()) {
    arguments.insert(arguments.end(), {"--config", wishes.config.c_str()});
  }
  auto invocation =
      read_invocation(static_cast<int>(arguments.size()), arguments.data(), environment);
  if (!invocation) return std::unexpected(invocation.error());
  return std::move(invocation->config);
}

base::Result<std::string> claims_of(const Wishes& wishes, const Config& config,
                                    base::WallTime now) {
  using std::chrono::floor;
  using std::chrono::seconds;
  std::string claims =
      R"({"iat":)" + std::to_string(floor<seconds>(now).time_since_epoch().count());
  const auto text = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    claims += ",\"" + std::string(name) + "\":";
    base::append_json_string(claims, value);
  };
  text("sub", wishes.user);
  text("aud", config.token_audience);
  text("iss", config.token_issuer);
  text("channel", wishes.channel);
  if (wishes.expires != "never") {
    const auto time = parse_duration(wishes.expires, seconds{1}, std::chrono::hours{24 * 3650});
    if (!time) return wrong("--expires: " + time.error().message);
    const auto expires = floor<seconds>(now + *time).time_since_epoch().count();
    claims += ",\"exp\":" + std::to_string(expires);
  }
  if (!wishes.info.empty()) {
    const auto info = codec::wire::RawJson::parse(wishes.info);
    if (!info) return wrong("--info: " + info.error().message);
    claims += ",\"info\":" + info->on_one_line();
  }
  const std::vector<std::string> channels = parse_list(wishes.channels);
  for (const std::string& channel : channels) {
    claims += &channel == &channels.front() ? ",\"channels\":[" : ",";
    base::append_json_string(claims, channel);
  }
  claims += channels.empty() ? "}" : "]}";
  return claims;
}

base::Result<std::string> make(const Wishes& wishes, const Environment& environment,
                               base::WallTime now) {
  const auto config = server_config(wishes, environment);
  if (!config) return std::unexpected(config.error());
  const bool one_room = !wishes.channel.empty() && !config->subscription_token_key.empty();
  std::string key = one_room ? config->subscription_token_key : config->token_key;
  if (!wishes.key.empty()) key = wishes.key;
  if (key.empty()) {
    return wrong("a key is needed: --token-key, PALAVER_TOKEN_KEY, or --config with the server's");
  }
  if (!wishes.channel.empty() && !wishes.channels.empty()) {
    return wrong("--channel makes a subscription token, --channels belong to a connection token");
  }
  const auto algorithm = algorithm_of(wishes.algorithm);
  if (!algorithm) return std::unexpected(algorithm.error());
  const auto claims = claims_of(wishes, *config, now);
  if (!claims) return std::unexpected(claims.error());
  return auth::jwt::sign(*claims, *algorithm, key);
}

}  // namespace

base::Result<std::string> make_token(int argc, const char* const* argv,
                                     const Environment& environment, base::WallTime now) {
  CLI::App app{"Mints a token, as your backend would for its users.", "palaver token"};
  Wishes wishes;
  describe(app, wishes);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  }
  return make(wishes, environment, now);
}

}  // namespace palaver::app
