// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/json_fields.h"

#include <utility>

namespace palaver::codec::wire {

namespace {

std::optional<std::vector<std::string>> strings(RawJson value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> all;
  bool good = true;
  value.each_element([&](RawJson each) {
    auto text = each.string();
    good = text.has_value();
    if (good) all.push_back(*std::move(text));
    return good;
  });
  if (!good) return std::nullopt;
  return all;
}

std::optional<std::map<std::string, std::string>> string_map(RawJson value) {
  if (!value.is_object()) return std::nullopt;
  std::map<std::string, std::string> all;
  bool good = true;
  value.each_member([&](std::string_view name, RawJson each) {
    auto text = each.string();
    good = text.has_value();
    if (good) all.insert_or_assign(std::string(name), *std::move(text));
    return good;
  });
  if (!good) return std::nullopt;
  return all;
}

}  // namespace

JsonFields::JsonFields(RawJson object, std::string_view name) : object_(object), name_(name) {
  if (object.is_object()) return;
  fail(name_.empty() ? "a request is an object" : name_ + " must be an object");
}

template <typename T, typename Convert>
JsonFields& JsonFields::take(std::string_view name, std::string_view expected, T& into,
                             Convert convert) {
  const auto value = member(name);
  if (!value) return *this;
  if (auto converted = convert(*value)) {
    into = *std::move(converted);
  } else {
    fail(full_name(name) + " must be " + std::string(expected));
  }
  return *this;
}

JsonFields& JsonFields::read(std::string_view name, std::string& into) {
  return take(name, "a string", into, [](RawJson value) { return value.string(); });
}

JsonFields& JsonFields::read(std::string_view name, bool& into) {
  return take(name, "true or false", into, [](RawJson value) { return value.boolean(); });
}

JsonFields& JsonFields::read(std::string_view name, std::int64_t& into) {
  return take(name, "an integer", into, [](RawJson value) { return value.int64(); });
}

JsonFields& JsonFields::read(std::string_view name, std::int32_t& into) {
  return take(name, "a 32-bit integer", into, [](RawJson value) -> std::optional<std::int32_t> {
    const auto number = value.int64();
    if (!number || !std::in_range<std::int32_t>(*number)) return std::nullopt;
    return static_cast<std::int32_t>(*number);
  });
}

JsonFields& JsonFields::read(std::string_view name, std::uint32_t& into) {
  return take(name, "a 32-bit number", into, [](RawJson value) -> std::optional<std::uint32_t> {
    const auto number = value.uint64();
    if (!number || !std::in_range<std::uint32_t>(*number)) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
  });
}

JsonFields& JsonFields::read(std::string_view name, model::Offset& into) {
  return take(name, "a number", into, [](RawJson value) -> std::optional<model::Offset> {
    const auto number = value.uint64();
    if (!number) return std::nullopt;
    return model::Offset{*number};
  });
}

JsonFields& JsonFields::read(std::string_view name, std::optional<model::Position>& into) {
  const auto value = member(name);
  if (!value) return *this;
  JsonFields inner(*value, full_name(name));
  into.emplace();
  inner.read("offset", into->offset).read("epoch", into->epoch);
  fail(inner.failure());
  return *this;
}

JsonFields& JsonFields::read(std::string_view name, std::vector<std::string>& into) {
  return take(name, "an array of strings", into, strings);
}

JsonFields& JsonFields::read(std::string_view name, std::map<std::string, std::string>& into) {
  return take(name, "an object of strings", into, string_map);
}

JsonFields& JsonFields::read_data(std::string_view name, std::string& into) {
  if (const auto value = object_.member(name)) into = value->on_one_line();
  return *this;
}

std::optional<RawJson> JsonFields::member(std::string_view name) const {
  const auto value = object_.member(name);
  return value && !value->is_null() ? value : std::nullopt;
}

void JsonFields::fail(std::string text) {
  if (failure_.empty()) failure_ = std::move(text);
}

std::string JsonFields::full_name(std::string_view name) const {
  return name_.empty() ? std::string(name) : name_ + '.' + std::string(name);
}

}  // namespace palaver::codec::wire
