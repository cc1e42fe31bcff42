// SPDX-License-Identifier: Apache-2.0
// The page of web/ as it was when this binary was built. The table lives in the binary.
#pragma once

#include <span>

#include "server/static_files.h"

namespace palaver::app {

[[nodiscard]] std::span<const server::EmbeddedFile> embedded_page();

}  // namespace palaver::app
