// SPDX-License-Identifier: Apache-2.0
// Writing JSON strings (RFC 8259 section 7) into a buffer of the caller's: for the few places that
// write JSON without holding a document. It reads no JSON, and it never fails: bytes that are not
// UTF-8 become U+FFFD, so that the output is always a valid JSON text.
#pragma once

#include <string>
#include <string_view>

namespace palaver::base {

// Appends `text` with its quotation marks. Escaped is what must be: `"`, `\` and U+0000 to U+001F;
// everything else stands as UTF-8. The result grows to at most 6 bytes for one of `text`.
void append_json_string(std::string& out, std::string_view text);

}  // namespace palaver::base
