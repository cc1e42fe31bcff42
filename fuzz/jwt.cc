// SPDX-License-Identifier: Apache-2.0
// Tokens: what anybody may send, and payloads that carry a good signature, so that the claims are
// reached too. Nothing that is not signed is taken.
#include "auth/jwt/jwt.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace jwt = palaver::auth::jwt;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const palaver::base::WallTime now{std::chrono::seconds{1'800'000'000}};
  const jwt::Policy policy{.key = "fuzz", .audience = "a", .issuer = "i"};
  CHECK(!jwt::verify(text, policy, now), "nobody guesses a signature");
  const std::string token = jwt::sign(text, jwt::Algorithm::kHs256, policy.key);
  const auto claims = jwt::verify(token, policy, now);
  if (!claims) {
    CHECK(claims.error() != jwt::Fault::kSignature, "our own signature is good");
    return 0;
  }
  CHECK(claims->info.find_first_of("\r\n") == std::string::npos, "an info is on one line");
  CHECK(!claims->expires_at || *claims->expires_at > 1'800'000'000, "it has not expired");
  const jwt::Policy other{.key = "guess", .audience = "a", .issuer = "i"};
  CHECK(!jwt::verify(token, other, now), "another key refuses it");
  return 0;
}
