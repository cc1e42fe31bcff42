// SPDX-License-Identifier: Apache-2.0
// What the main() of each limit program shares: the command line and the descriptor limit. The
// options are "--port=N --host=A --ping-interval=S", in this form only.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "bench/limits/server.h"

namespace palaver::bench::limits {

// The value of "--name=value", if `argument` is that.
[[nodiscard]] std::optional<std::string> value_of(std::string_view argument, std::string_view name);

// Reads one argument of those that all programs have; false: it is none of them.
[[nodiscard]] bool read_argument(std::string_view argument, ServerOptions& options);

// Prints how to call the program and returns its exit code.
[[nodiscard]] int usage_error(const char* program, std::string_view argument);

void raise_descriptor_limit();

// Runs until it fails or is killed; the exit code.
template <Sender S>
[[nodiscard]] int serve(const ServerOptions& options, S& sender) {
  raise_descriptor_limit();
  Server<S> server(options, sender);
  std::fprintf(stderr, "%s\n", server.run().message.c_str());
  return 1;
}

}  // namespace palaver::bench::limits
