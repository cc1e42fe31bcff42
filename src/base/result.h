// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or an operating error with a code and a text for people. Used for what can go
// wrong although nobody made a mistake; a peer's misbehaviour is a value of its protocol's code
// table, our own mistakes are CHECKs.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace palaver::base {

enum class ErrorCode {
  kInvalidArgument,  // the caller's value is wrong; trying again cannot help
  kNotFound,         // there is no such thing
  kAlreadyExists,    // there is one already
  kLimit,            // a bound of base/limits.h (or its option) is reached
  kUnavailable,      // temporary: the same call may succeed later
  kStopped,          // the callee has been stopped
  kSystem,           // the operating system said no; the text has its reason
};

struct Error {
  ErrorCode code;
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace palaver::base
