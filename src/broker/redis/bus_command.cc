// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/bus_command.h"

#include <type_traits>
#include <utility>
#include <variant>

#include "broker/redis/entry.h"
#include "broker/redis/fields.h"

namespace palaver::broker::redis {

namespace {

template <typename Visitor, typename Command>
void visit_fields(Visitor& visit, Command& command) {
  using C = std::remove_const_t<Command>;
  if constexpr (std::is_same_v<C, BlockCommand>) {
    visit(command.user);
    visit(command.until);
  } else if constexpr (std::is_same_v<C, UnblockCommand>) {
    visit(command.user);
  } else {
    visit(command.whom);
    if constexpr (requires { command.room; }) visit(command.room);
    if constexpr (requires { command.code; }) visit(command.code);
    if constexpr (requires { command.reason; }) visit(command.reason);
    if constexpr (requires { command.spared; }) visit(command.spared);
    if constexpr (requires { command.info; }) visit(command.info);
    if constexpr (requires { command.data; }) visit(command.data);
    if constexpr (requires { command.expired; }) visit(command.expired);
    if constexpr (requires { command.expires_at; }) visit(command.expires_at);
    if constexpr (requires { command.since; }) visit(command.since);
  }
}

template <typename Command>
constexpr std::string_view kName = "";
template <>
constexpr std::string_view kName<DisconnectCommand> = "disconnect";
template <>
constexpr std::string_view kName<SubscribeCommand> = "subscribe";
template <>
constexpr std::string_view kName<UnsubscribeCommand> = "unsubscribe";
template <>
constexpr std::string_view kName<RefreshCommand> = "refresh";
template <>
constexpr std::string_view kName<SendCommand> = "send";
template <>
constexpr std::string_view kName<BlockCommand> = "block";
template <>
constexpr std::string_view kName<UnblockCommand> = "unblock";

template <typename Command>
bool read_if(std::string_view name, std::string_view fields, std::optional<NodeCommand>& into) {
  if (name != kName<Command>) return false;
  Command command;
  FieldReader reader(fields);
  visit_fields(reader, command);
  if (reader.ok()) into = std::move(command);
  return true;
}

template <typename... Commands>
std::optional<NodeCommand> read_any(std::string_view name, std::string_view fields,
                                    const std::variant<Commands...>&) {
  std::optional<NodeCommand> command;
  (void)(read_if<Commands>(name, fields, command) || ...);
  return command;
}

}  // namespace

std::string pack_command(const NodeCommand& command) {
  std::string out;
  std::visit(
      [&out]<typename Command>(const Command& each) {
        pack(out, kName<Command>);
        FieldWriter writer(out);
        visit_fields(writer, each);
      },
      command);
  return out;
}

std::optional<NodeCommand> unpack_command(std::string_view packed) {
  const auto name = unpack(packed);
  if (!name) return std::nullopt;
  return read_any(*name, packed, NodeCommand{});
}

}  // namespace palaver::broker::redis
