// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/bus_command.h"

#include <charconv>
#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "broker/redis/entry.h"

namespace palaver::broker::redis {

namespace {

// The same walk over the fields writes a command and reads it.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void operator()(const std::string& text) { pack(out_, text); }
  template <std::integral Number>
  void operator()(Number number) {
    pack(out_, std::to_string(number));
  }
  template <typename T>
  void operator()(const std::optional<T>& value) {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }
  template <typename T>
  void operator()(const std::vector<T>& list) {
    (*this)(list.size());
    for (const T& each : list) (*this)(each);
  }
  template <typename Value>
    requires requires(const Value& value) { value.value; }
  void operator()(const Value& strong) {
    (*this)(strong.value);
  }
  void operator()(const model::Position& position) {
    (*this)(position.epoch);
    (*this)(position.offset);
  }
  void operator()(const Whom& whom) {
    (*this)(whom.user);
    (*this)(whom.client);
    (*this)(whom.session);
  }

 private:
  std::string& out_;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  [[nodiscard]] bool ok() const { return ok_; }

  void operator()(std::string& text) {
    const auto field = unpack(in_);
    ok_ = ok_ && field.has_value();
    if (field) text.assign(*field);
  }
  template <std::integral Number>
  void operator()(Number& number) {
    std::string text;
    (*this)(text);
    std::int64_t read = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    ok_ = ok_ && error == std::errc() && end == text.data() + text.size() &&
          std::in_range<Number>(read);
    if (ok_) number = static_cast<Number>(read);
  }
  void operator()(bool& flag) {
    std::uint8_t number = 0;
    (*this)(number);
    flag = number != 0;
  }
  template <typename T>
  void operator()(std::optional<T>& value) {
    bool has = false;
    (*this)(has);
    if (ok_ && has) (*this)(value.emplace());
  }
  template <typename T>
  void operator()(std::vector<T>& list) {
    std::size_t size = 0;
    (*this)(size);
    // Each element takes some bytes: no message makes us reserve what it does not hold.
    for (std::size_t i = 0; ok_ && i < size; ++i) (*this)(list.emplace_back());
  }
  template <typename Value>
    requires requires(Value& value) { value.value; }
  void operator()(Value& strong) {
    (*this)(strong.value);
  }
  void operator()(model::Position& position) {
    (*this)(position.epoch);
    (*this)(position.offset);
  }
  void operator()(Whom& whom) {
    (*this)(whom.user);
    (*this)(whom.client);
    (*this)(whom.session);
  }

 private:
  std::string_view in_;
  bool ok_ = true;
};

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
  Reader reader(fields);
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
        Writer writer(out);
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
