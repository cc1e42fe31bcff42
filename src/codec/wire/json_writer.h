// SPDX-License-Identifier: Apache-2.0
// Writing JSON on one line, piece by piece into a text of the caller's, without holding a document:
// the objects that replies are made of, and those values of reply.h that clients and the HTTP API
// see in the same shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "codec/wire/reply.h"
#include "model/publication.h"

namespace palaver::codec::wire {

// Writes one object, which is whole when the writer is gone. The plain calls leave out zeros; those
// named `always` do not. Names are ours, and need no escapes, unless a call says "text".
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonWriter() { out_ += '}'; }
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void string(std::string_view name, std::string_view value) {
    if (!value.empty()) always_string(name, value);
  }
  void always_string(std::string_view name, std::string_view value) {
    key(name);
    base::append_json_string(out_, value);
  }
  void number(std::string_view name, std::uint64_t value) {
    if (value != 0) always_number(name, value);
  }
  void always_number(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void flag(std::string_view name, bool value) {
    if (value) raw(name, "true");
  }
  // `json` is a value on one line, or empty.
  void raw(std::string_view name, std::string_view json) {
    if (json.empty()) return;
    key(name);
    out_ += json;
  }
  // For what follows to be written to the same text: the value of `name`.
  std::string& value_of(std::string_view name) {
    key(name);
    return out_;
  }
  // Likewise, where the name is any text.
  std::string& value_of_text(std::string_view name) {
    separate();
    base::append_json_string(out_, name);
    out_ += ':';
    return out_;
  }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

// A whole object; `fill` writes its members.
template <typename Fill>
[[nodiscard]] std::string json_object(Fill fill) {
  std::string line;
  {
    JsonWriter w(line);
    fill(w);
  }
  return line;
}

// An array; `write` appends each of `items`.
template <typename Items, typename Write>
void write_json_array(std::string& out, const Items& items, Write write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write(out, item);
  }
  out += ']';
}

void write_json(std::string& out, const ClientInfo& info);
void write_json(std::string& out, const model::Publication& publication);
void write_publications(std::string& out, const std::vector<model::Publication>& publications);
void write_json(std::string& out, const PresenceResult& result);
void write_json(std::string& out, const PresenceStatsResult& result);
void write_json(std::string& out, const HistoryResult& result);

}  // namespace palaver::codec::wire
