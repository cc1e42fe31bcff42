// SPDX-License-Identifier: Apache-2.0
// Keys come in the order of their numbers in the protocol's schema, and zeros are left out:
// {"push":{"channel","pub":{"data","info","offset"}}} and {"id","subscribe":{..., "epoch",
// "publications","recovered","offset",...}}.
#include "bench/load/sdk_lines.h"

#include <charconv>

namespace palaver::bench::load {
namespace {

bool skip(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

bool skip_number(std::string_view& text, std::uint64_t& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return true;
}

// A string from behind its opening quote; it must hold no escape.
bool skip_string(std::string_view& text, std::string_view& string) {
  const std::size_t end = text.find_first_of("\"\\");
  if (end == std::string_view::npos || text[end] == '\\') return false;
  string = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

// An object from behind its opening brace, whatever it holds.
bool skip_object(std::string_view& text) {
  int depth = 1;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (in_string && byte == '\\') {
      ++at;
    } else if (byte == '"') {
      in_string = !in_string;
    } else if (!in_string && byte == '{') {
      ++depth;
    } else if (!in_string && byte == '}' && --depth == 0) {
      text.remove_prefix(at + 1);
      return true;
    }
  }
  return false;
}

bool skip_publication(std::string_view& text, SdkPublication& publication) {
  if (!skip(text, R"({"data":{"text":")") || !skip_string(text, publication.text) ||
      !skip(text, "}")) {
    return false;
  }
  if (skip(text, R"(,"info":{)") && !skip_object(text)) return false;
  if (!skip(text, R"(,"offset":)") || !skip_number(text, publication.offset)) return false;
  std::string_view epoch;  // of newer Centrifugos
  if (skip(text, R"(,"epoch":")") && !skip_string(text, epoch)) return false;
  return skip(text, "}");
}

// What stands behind the first `name` in `text`; false: it is not there.
bool skip_to(std::string_view& text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return false;
  text.remove_prefix(at + name.size());
  return true;
}

bool skip_publications(std::string_view& text, std::vector<SdkPublication>& publications) {
  do {
    if (!skip_publication(text, publications.emplace_back())) return false;
  } while (skip(text, ","));
  return skip(text, "]");
}

}  // namespace

std::string connect_command(std::uint32_t id) {
  return R"({"id":)" + std::to_string(id) + R"(,"connect":{}})";
}

std::string subscribe_command(std::uint32_t id, std::string_view room, const SdkPosition* since) {
  std::string text = R"({"id":)" + std::to_string(id) + R"(,"subscribe":{"channel":")";
  text.append(room).append("\"");
  if (since != nullptr) {
    text.append(R"(,"recover":true,"epoch":")").append(since->epoch);
    text.append(R"(","offset":)").append(std::to_string(since->offset));
  }
  return text.append("}}");
}

void append_publish_command(std::string& out, std::uint32_t id, std::string_view room,
                            std::string_view text) {
  out.append(R"({"id":)").append(std::to_string(id)).append(R"(,"publish":{"channel":")");
  out.append(room).append(R"(","data":{"text":")").append(text).append(R"("}}})");
}

std::string_view take_line(std::string_view& payload) {
  const std::size_t end = payload.find('\n');
  const std::string_view line = payload.substr(0, end);
  payload.remove_prefix(end == std::string_view::npos ? payload.size() : end + 1);
  return line;
}

SdkLine kind_of(std::string_view line) {
  if (line.starts_with(R"({"push":)")) return SdkLine::kPush;
  if (line == kSdkPing) return SdkLine::kPing;
  std::uint64_t id = 0;
  if (!skip(line, R"({"id":)") || !skip_number(line, id)) return SdkLine::kOther;
  if (line == R"(,"publish":{}})") return SdkLine::kPublished;
  if (line.starts_with(R"(,"subscribe":{)")) return SdkLine::kSubscribed;
  if (line.starts_with(R"(,"connect":{)")) return SdkLine::kConnected;
  return SdkLine::kOther;
}

bool read_push(std::string_view line, std::string_view room, SdkPublication& publication) {
  return skip(line, R"({"push":{"channel":")") && skip(line, room) && skip(line, R"(","pub":)") &&
         skip_publication(line, publication) && line == "}}";
}

bool read_subscribed(std::string_view line, SdkSubscribed& subscribed) {
  std::string_view epoch;
  if (!skip_to(line, R"("epoch":")") || !skip_string(line, epoch)) return false;
  subscribed.position.epoch = epoch;
  subscribed.publications.clear();
  if (skip(line, R"(,"publications":[)") && !skip_publications(line, subscribed.publications)) {
    return false;
  }
  subscribed.recovered = skip(line, R"(,"recovered":true)");
  subscribed.position.offset = 0;  // of an empty room
  if (skip(line, R"(,"offset":)")) return skip_number(line, subscribed.position.offset);
  return true;
}

}  // namespace palaver::bench::load
