// SPDX-License-Identifier: Apache-2.0
#include "codec/http/target.h"

#include <algorithm>
#include <boost/url/pct_string_view.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "codec/http/headers.h"

namespace palaver::codec::http {

namespace {

using base::ErrorCode;

enum class Plus { kPlus, kSpace };

base::Result<std::string> decode(std::string_view encoded, Plus plus) {
  const auto checked = boost::urls::make_pct_string_view(encoded);
  if (!checked) return base::fail(ErrorCode::kInvalidArgument, "bad percent-escape in the target");
  std::string text = checked->decode(boost::urls::encoding_opts{plus == Plus::kSpace});
  if (text.contains('\0')) return base::fail(ErrorCode::kInvalidArgument, "NUL in the target");
  if (!base::is_valid_utf8(text)) {
    return base::fail(ErrorCode::kInvalidArgument, "the target is not UTF-8");
  }
  return text;
}

// Takes what stands before the next `separator` from the front of `text`, and the separator.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

base::Result<void> parse_path(std::string_view path, Target& target) {
  if (path.empty() || path == "/") return {};
  const auto count = static_cast<std::size_t>(std::ranges::count(path, '/'));
  if (count > kTargetSegmentsMax) {
    return base::fail(ErrorCode::kLimit, "too many segments in the target");
  }
  target.segments.reserve(count);
  path.remove_prefix(1);
  for (std::size_t i = 0; i < count; ++i) {
    auto segment = decode(take_until(path, '/'), Plus::kPlus);
    if (!segment) return std::unexpected(std::move(segment.error()));
    target.segments.push_back(std::move(*segment));
  }
  return {};
}

base::Result<void> parse_query(std::string_view query, Target& target) {
  while (!query.empty()) {
    std::string_view pair = take_until(query, '&');
    if (pair.empty()) continue;
    if (target.query.size() == kTargetParametersMax) {
      return base::fail(ErrorCode::kLimit, "too many parameters in the target");
    }
    auto name = decode(take_until(pair, '='), Plus::kSpace);
    if (!name) return std::unexpected(std::move(name.error()));
    auto value = decode(pair, Plus::kSpace);
    if (!value) return std::unexpected(std::move(value.error()));
    target.query.push_back({std::move(*name), std::move(*value)});
  }
  return {};
}

bool has_forbidden_bytes(std::string_view raw) {
  return std::ranges::any_of(
      raw, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '#'; });
}

}  // namespace

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &QueryParameter::name);
  if (found == query.end()) return std::nullopt;
  return found->value;
}

std::optional<AbsoluteForm> split_absolute_form(std::string_view raw) {
  const std::size_t colon = raw.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = raw.substr(0, colon);
  if (!base::equals_ignoring_case(scheme, "http") && !base::equals_ignoring_case(scheme, "https")) {
    return std::nullopt;
  }
  const std::string_view rest = raw.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  return AbsoluteForm{.authority = rest.substr(0, end), .origin_form = rest.substr(end)};
}

base::Result<Target> parse_target(std::string_view raw) {
  if (has_forbidden_bytes(raw)) {
    return base::fail(ErrorCode::kInvalidArgument, "a character that no target may have");
  }
  std::string_view rest = raw;
  if (!raw.starts_with('/')) {
    const auto absolute = split_absolute_form(raw);
    if (!absolute || absolute->authority.empty()) {
      return base::fail(ErrorCode::kInvalidArgument, "the target is neither a path nor a URL");
    }
    rest = absolute->origin_form;
  }

  Target target;
  const std::string_view path = take_until(rest, '?');
  if (auto done = parse_path(path, target); !done) return std::unexpected(std::move(done.error()));
  if (auto done = parse_query(rest, target); !done) return std::unexpected(std::move(done.error()));
  return target;
}

}  // namespace palaver::codec::http
