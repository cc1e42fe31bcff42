// SPDX-License-Identifier: Apache-2.0
// palaver_limit_send: the bare epoll and send() loop.
#include "bench/limits/program.h"
#include "bench/limits/send_loop.h"

int main(int argc, char** argv) {
  using namespace palaver::bench::limits;
  ServerOptions options;
  for (int i = 1; i < argc; ++i) {
    if (!read_argument(argv[i], options)) return usage_error(argv[0], argv[i]);
  }
  SendLoop sender;
  return serve(options, sender);
}
