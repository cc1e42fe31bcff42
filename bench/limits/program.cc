// SPDX-License-Identifier: Apache-2.0
// Arguments by hand: a limit program has three of them, and starts and links next to nothing.
#include "bench/limits/program.h"

#include <sys/resource.h>

#include <charconv>
#include <cstdio>

namespace palaver::bench::limits {
namespace {

template <typename Number>
bool read_number(const std::optional<std::string>& text, Number& number) {
  if (!text) return false;
  const char* const end = text->data() + text->size();
  const auto result = std::from_chars(text->data(), end, number);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

std::optional<std::string> value_of(std::string_view argument, std::string_view name) {
  if (!argument.starts_with(name) || argument.substr(name.size()).substr(0, 1) != "=") {
    return std::nullopt;
  }
  return std::string(argument.substr(name.size() + 1));
}

bool read_argument(std::string_view argument, ServerOptions& options) {
  if (auto host = value_of(argument, "--host")) {
    options.host = *host;
    return true;
  }
  return read_number(value_of(argument, "--port"), options.port) ||
         read_number(value_of(argument, "--ping-interval"), options.ping_interval_s);
}

int usage_error(const char* program, std::string_view argument) {
  std::fprintf(stderr, "%s: what is \"%.*s\"? Use --port=N --host=A --ping-interval=SECONDS\n",
               program, static_cast<int>(argument.size()), argument.data());
  return 2;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) std::perror("setrlimit");
}

}  // namespace palaver::bench::limits
