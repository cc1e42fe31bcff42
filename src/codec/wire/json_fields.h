// SPDX-License-Identifier: Apache-2.0
// Reading the members of a JSON object into fields, and remembering the first that is not what it
// must be: how commands of clients and requests of the HTTP API are decoded. What is absent or null
// leaves its field as it is; what is unknown is never looked at.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/wire/raw_json.h"
#include "model/position.h"

namespace palaver::codec::wire {

class JsonFields {
 public:
  // `name` is the object's own, where it is a member itself: failures then say "name.field".
  explicit JsonFields(RawJson object, std::string_view name = {});

  JsonFields& read(std::string_view name, std::string& into);
  JsonFields& read(std::string_view name, bool& into);
  JsonFields& read(std::string_view name, std::int64_t& into);
  JsonFields& read(std::string_view name, std::int32_t& into);
  JsonFields& read(std::string_view name, std::uint32_t& into);
  JsonFields& read(std::string_view name, model::Offset& into);
  JsonFields& read(std::string_view name, model::Epoch& into) { return read(name, into.value); }
  JsonFields& read(std::string_view name, std::optional<model::Position>& into);
  JsonFields& read(std::string_view name, std::vector<std::string>& into);
  JsonFields& read(std::string_view name, std::map<std::string, std::string>& into);
  // Any value, on one line; "null" stays "null".
  JsonFields& read_data(std::string_view name, std::string& into);
  // Nothing: it is absent or null.
  [[nodiscard]] std::optional<RawJson> member(std::string_view name) const;

  // The first failure counts. An empty text is none, so that an inner object's can be handed on.
  void fail(std::string text);
  // Says which field must be what; empty: there was no failure.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  template <typename T, typename Convert>
  JsonFields& take(std::string_view name, std::string_view expected, T& into, Convert convert);
  [[nodiscard]] std::string full_name(std::string_view name) const;

  RawJson object_;
  std::string name_;
  std::string failure_;
};

}  // namespace palaver::codec::wire
