// SPDX-License-Identifier: Apache-2.0
#include "rooms/namespaces.h"

#include <algorithm>

#include "base/ascii.h"

namespace palaver::rooms {

namespace {

constexpr char kSeparator = ':';
constexpr std::size_t kNameBytesMax = 64;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && std::ranges::all_of(text, [](char c) {
    return base::is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

base::Result<void> Namespaces::add(const std::string& name, const RoomOptions& options) {
  if (!is_name(name)) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "a namespace's name has 1 to 64 letters, digits, '-', '_' or '.'");
  }
  if (!named_.emplace(name, options).second) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "there is a namespace '" + name + "' already");
  }
  return {};
}

const RoomOptions* Namespaces::find(std::string_view room) const {
  if (is_private(room)) room.remove_prefix(1);
  const std::size_t end = room.find(kSeparator);
  if (end == std::string_view::npos) return &without_;
  const auto found = named_.find(room.substr(0, end));
  return found == named_.end() ? nullptr : &found->second;
}

}  // namespace palaver::rooms
