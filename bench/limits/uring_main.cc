// SPDX-License-Identifier: Apache-2.0
// palaver_limit_uring: the bare io_uring batch. Exits 3 where the kernel forbids io_uring.
#include <cstdio>

#include "bench/limits/program.h"
#include "bench/limits/uring_batch.h"

int main(int argc, char** argv) {
  using namespace palaver::bench::limits;
  ServerOptions options;
  for (int i = 1; i < argc; ++i) {
    if (!read_argument(argv[i], options)) return usage_error(argv[0], argv[i]);
  }
  UringBatch sender;
  if (const auto opened = sender.open(); !opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 3;
  }
  return serve(options, sender);
}
