// SPDX-License-Identifier: Apache-2.0
// `palaver token`: mints a token as the operator's backend would, with the key of the same options,
// environment and file that the server reads: to try things out, and to see what is expected.
#pragma once

#include <string>

#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"

namespace palaver::app {

// `argv[0]` is the word "token". The answer is the token, or the help.
[[nodiscard]] base::Result<std::string> make_token(int argc, const char* const* argv,
                                                   const Environment& environment,
                                                   base::WallTime now);

}  // namespace palaver::app
