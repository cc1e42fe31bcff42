// SPDX-License-Identifier: Apache-2.0
// Target: a request target (RFC 9112 section 3.2) taken apart: path segments and query parameters,
// percent-decoded one by one, so that an escaped slash stays inside its segment (room names may
// have one). Everything in a Target is valid UTF-8 without NUL. Dot segments are segments like
// others: nothing here, and nothing that uses it, walks a tree by them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace palaver::codec::http {

// No route has as many; without a bound a header's worth of slashes is half a megabyte of strings.
inline constexpr std::size_t kTargetSegmentsMax = 64;
inline constexpr std::size_t kTargetParametersMax = 64;

struct QueryParameter {
  std::string name;
  std::string value;
  friend bool operator==(const QueryParameter&, const QueryParameter&) = default;
};

struct Target {
  // "/" has none, "/a/b" has two, "/a/" has "a" and "".
  std::vector<std::string> segments;
  // In order, repeated names included.
  std::vector<QueryParameter> query;

  // Of the first parameter with this name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

// Accepts the origin-form and the absolute-form of http and https. In the query `+` is a space, as
// browsers' forms write it; characters that browsers leave bare although RFC 3986 reserves them
// (`[`, `|`, UTF-8) are taken as they stand. kInvalidArgument: another form, a bad escape, a
// fragment, NUL or bytes that are not UTF-8; kLimit: too many segments or parameters.
[[nodiscard]] base::Result<Target> parse_target(std::string_view raw);

// An absolute-form target in its two parts; the second, empty for "http://host", is its
// origin-form.
struct AbsoluteForm {
  std::string_view authority;
  std::string_view origin_form;
};
// nullopt: `raw` is of another form, or its scheme is neither http nor https.
[[nodiscard]] std::optional<AbsoluteForm> split_absolute_form(std::string_view raw);

}  // namespace palaver::codec::http
