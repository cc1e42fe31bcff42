// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/extensions.h"

#include <array>
#include <cstddef>

#include "codec/ws/deflate.h"
#include "codec/ws/header_lexer.h"

namespace palaver::codec::ws {

namespace {

constexpr std::string_view kDeflateName = "permessage-deflate";
constexpr std::string_view kAnswer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

enum Parameter : std::size_t {
  kServerNoContextTakeover,
  kClientNoContextTakeover,
  kServerMaxWindowBits,
  kClientMaxWindowBits,
  kParameterCount,
};

constexpr std::array<std::string_view, kParameterCount> kParameterNames = {
    "server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits",
    "client_max_window_bits"};

struct Offer {
  bool acceptable = true;
  std::array<bool, kParameterCount> named{};
};

// 8 to 15 without leading zeros; 0 for anything else.
int window_bits(std::string_view text) {
  if (text == "8" || text == "9") return text[0] - '0';
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') {
    return 10 + (text[1] - '0');
  }
  return 0;
}

bool is_acceptable(Parameter parameter, const std::optional<std::string>& value) {
  switch (parameter) {
    case kServerNoContextTakeover:
    case kClientNoContextTakeover:
      return !value;
    case kServerMaxWindowBits:
      return value && window_bits(*value) >= kServerWindowBits;
    case kClientMaxWindowBits:
      return !value || window_bits(*value) != 0;
    case kParameterCount:
      break;
  }
  return false;
}

void add_parameter(Offer& offer, std::string_view name, const std::optional<std::string>& value) {
  for (std::size_t i = 0; i < kParameterCount; ++i) {
    if (name != kParameterNames[i]) continue;
    if (offer.named[i] || !is_acceptable(static_cast<Parameter>(i), value)) break;
    offer.named[i] = true;
    return;
  }
  offer.acceptable = false;
}

// One element of the list; nothing if it breaks the grammar.
std::optional<Offer> read_offer(HeaderLexer& lexer) {
  const auto name = lexer.token();
  if (!name) return std::nullopt;
  Offer offer{.acceptable = *name == kDeflateName};
  while (lexer.take(';')) {
    const auto parameter = lexer.token();
    if (!parameter) return std::nullopt;
    std::optional<std::string> value;
    if (lexer.take('=')) {
      value = lexer.token_or_quoted();
      if (!value) return std::nullopt;
    }
    if (offer.acceptable) add_parameter(offer, *parameter, value);
  }
  if (!lexer.at_end() && !lexer.take(',')) return std::nullopt;
  return offer;
}

}  // namespace

std::optional<std::string> negotiate_extensions(std::string_view offers) {
  std::string answer;
  HeaderLexer lexer(offers);
  while (true) {
    while (lexer.take(',')) {
    }
    if (lexer.at_end()) return answer;
    const auto offer = read_offer(lexer);
    if (!offer) return std::nullopt;
    if (!answer.empty() || !offer->acceptable) continue;
    answer = kAnswer;
    if (offer->named[kServerMaxWindowBits]) {
      answer += "; server_max_window_bits=" + std::to_string(kServerWindowBits);
    }
  }
}

}  // namespace palaver::codec::ws
