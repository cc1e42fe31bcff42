// SPDX-License-Identifier: Apache-2.0
#include "app/values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace palaver::app {

namespace {

template <typename T>
base::Result<T> expected(const std::string& what) {
  return base::fail(base::ErrorCode::kInvalidArgument, "expected " + what);
}

bool to_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// Digits, and what stands behind them.
std::pair<std::string_view, std::string_view> split_unit(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return {text, {}};
  return {text.substr(0, digits), text.substr(digits)};
}

std::string text_of(std::chrono::milliseconds duration) {
  if (duration.count() % 1000 != 0 || duration.count() == 0) {
    return std::to_string(duration.count()) + "ms";
  }
  return std::to_string(duration.count() / 1000) + "s";
}

}  // namespace

base::Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t least,
                                         std::uint64_t most) {
  std::uint64_t number = 0;
  if (to_number(text, number) && number >= least && number <= most) return number;
  std::string what = "a whole number";
  if (most != std::numeric_limits<std::uint64_t>::max()) {
    what += " from " + std::to_string(least) + " to " + std::to_string(most);
  } else if (least > 0) {
    what += " of at least " + std::to_string(least);
  }
  return expected<std::uint64_t>(what);
}

base::Result<double> parse_rate(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (whole && std::isfinite(number) && number > 0) return number;
  return expected<double>("a number above 0");
}

base::Result<std::size_t> parse_bytes(std::string_view text, std::size_t least, std::size_t most) {
  const auto [digits, unit] = split_unit(text);
  std::uint64_t number = 0;
  constexpr std::string_view kUnits = "KMG";
  int shift = 0;
  const bool known = unit.empty() || (unit.size() == 1 && kUnits.contains(unit.front()));
  if (!unit.empty() && known) shift = 10 * (static_cast<int>(kUnits.find(unit.front())) + 1);
  if (known && to_number(digits, number) && number <= (most >> shift) &&
      (number << shift) >= least) {
    return number << shift;
  }
  return expected<std::size_t>("a number of bytes from " + std::to_string(least) + " to " +
                               std::to_string(most) + ", perhaps with K, M or G");
}

base::Result<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                       std::chrono::milliseconds least,
                                                       std::chrono::milliseconds most) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits{
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  const auto [digits, unit] = split_unit(text);
  std::uint64_t number = 0;
  for (const auto& [name, factor] : kUnits) {
    if (unit != name || !to_number(digits, number)) continue;
    if (number > static_cast<std::uint64_t>(most.count() / factor)) break;
    const std::chrono::milliseconds duration{static_cast<std::int64_t>(number) * factor};
    if (duration < least) break;
    return duration;
  }
  return expected<std::chrono::milliseconds>("a duration from " + text_of(least) + " to " +
                                             text_of(most) + ", with ms, s, m, h or d");
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> elements;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view element = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    while (element.starts_with(' ')) element.remove_prefix(1);
    while (element.ends_with(' ')) element.remove_suffix(1);
    if (!element.empty()) elements.emplace_back(element);
  }
  return elements;
}

}  // namespace palaver::app
