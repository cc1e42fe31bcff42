// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/json.h"

#include <boost/json/parser.hpp>
#include <string>

namespace palaver::codec::wire {

base::Result<JsonValue> parse_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::json::parser parser({}, options);
  boost::system::error_code error;  // an incomplete text is an error too
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (error) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "JSON: " + error.message() + " at byte " + std::to_string(used));
  }
  return parser.release();
}

}  // namespace palaver::codec::wire
