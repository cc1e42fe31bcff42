// SPDX-License-Identifier: Apache-2.0
#include "chat/act.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/limits.h"

namespace palaver::chat {

using codec::wire::CommandError;
using codec::wire::RawJson;

namespace {

struct Row {
  std::string_view name;
  Kind kind;
};
constexpr std::array kKinds{
    Row{"message", Kind::kMessage}, Row{"edit", Kind::kEdit},     Row{"delete", Kind::kDelete},
    Row{"react", Kind::kReact},     Row{"typing", Kind::kTyping}, Row{"gone", Kind::kGone},
};

bool has_text(RawJson object, std::string_view name, std::size_t bytes_max) {
  const auto member = object.member(name);
  const auto text = member ? member->string() : std::nullopt;
  return text && !text->empty() && text->size() <= bytes_max;
}

// An offset that an entry can have; nothing for other values.
std::optional<model::Offset> offset_of(std::optional<RawJson> member) {
  const auto number = member ? member->uint64() : std::nullopt;
  if (!number || *number == 0 || *number >= model::kOffsetEnd.value) return std::nullopt;
  return model::Offset{*number};
}

std::optional<CommandError> check_fields(RawJson object, Kind kind) {
  const bool speaks = kind == Kind::kMessage || kind == Kind::kEdit;
  if (speaks && !has_text(object, "text", kTextBytesMax)) return codec::wire::kErrorBadText;
  if (kind == Kind::kMessage) {
    const auto reply = object.member("reply");
    if (reply && !reply->is_null() && !offset_of(reply)) return codec::wire::kErrorBadTarget;
  }
  if (kind != Kind::kReact) return std::nullopt;
  if (!has_text(object, "emoji", kEmojiBytesMax)) return codec::wire::kErrorBadEmoji;
  const auto on = object.member("on");
  if (!on || !on->boolean()) return codec::wire::kErrorBadReaction;
  return std::nullopt;
}

}  // namespace

// Without a kind, whoever says a text says a message.
Kind kind_of(RawJson object) {
  const auto kind = object.member("kind");
  if (!kind) {
    const auto text = object.member("text");
    return text && text->is_string() ? Kind::kMessage : Kind::kOpaque;
  }
  const auto name = kind->string();
  const auto row = name ? std::ranges::find(kKinds, *name, &Row::name) : kKinds.end();
  return row == kKinds.end() ? Kind::kOpaque : row->kind;
}

std::expected<Act, CommandError> read_act(std::string_view data) {
  Act act;
  const auto json = RawJson::parse(data);
  if (!json || !json->is_object()) return act;
  act.kind = kind_of(*json);
  if (act.kind == Kind::kOpaque) return act;
  if (const auto id = json->member("id")) {
    auto text = id->string();
    if (!text || text->empty() || text->size() > base::kDedupeIdBytesMax) {
      return std::unexpected(codec::wire::kErrorBadId);
    }
    act.id = std::move(*text);
  }
  if (act.kind == Kind::kEdit || act.kind == Kind::kDelete || act.kind == Kind::kReact) {
    const auto target = offset_of(json->member("target"));
    if (!target) return std::unexpected(codec::wire::kErrorBadTarget);
    act.target = *target;
  }
  if (const auto error = check_fields(*json, act.kind)) return std::unexpected(*error);
  return act;
}

}  // namespace palaver::chat
