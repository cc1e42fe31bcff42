// SPDX-License-Identifier: Apache-2.0
#include "auth/jwt/jwt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/base64.h"
#include "base/check.h"
#include "base/utf8.h"
#include "codec/wire/raw_json.h"

namespace palaver::auth::jwt {

using codec::wire::RawJson;

namespace {

struct Row {
  std::string_view name;
  Algorithm algorithm;
  const EVP_MD* (*digest)();
};
constexpr std::array kRows{
    Row{"HS256", Algorithm::kHs256, EVP_sha256},
    Row{"HS384", Algorithm::kHs384, EVP_sha384},
    Row{"HS512", Algorithm::kHs512, EVP_sha512},
};

std::string mac_of(std::string_view text, const Row& row, std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* made = HMAC(row.digest(), key.data(), static_cast<int>(key.size()), bytes,
                                   text.size(), mac.data(), &size);
  CHECK(made != nullptr, "an HMAC of bytes in memory cannot fail");
  return {reinterpret_cast<const char*>(mac.data()), size};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// header.payload.signature, as they stand in the token.
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header.payload
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return Parts{.header = token.substr(0, first),
               .payload = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1),
               .signed_text = token.substr(0, second)};
}

// The JSON object that a part encodes, as text: RawJson values are views of it.
std::optional<std::string> object_text(std::string_view part) {
  auto text = base::from_base64url(part);
  if (!text || !base::is_valid_utf8(*text)) return std::nullopt;
  const auto json = RawJson::parse(*text);
  if (!json || !json->is_object()) return std::nullopt;
  return text;
}

std::expected<const Row*, Fault> algorithm_of(const Parts& parts) {
  const auto text = object_text(parts.header);
  if (!text) return std::unexpected(Fault::kMalformed);
  const auto header = RawJson::parse(*text);
  const auto member = header->member("alg");
  const auto name = member ? member->string() : std::nullopt;
  if (!name) return std::unexpected(Fault::kMalformed);
  if (header->member("crit")) return std::unexpected(Fault::kAlgorithm);  // RFC 7515 4.1.11
  const auto row = std::ranges::find(kRows, *name, &Row::name);
  if (row == kRows.end()) return std::unexpected(Fault::kAlgorithm);
  return &*row;
}

// Reads claims and remembers whether one has the wrong type. null counts as absent.
class Reader {
 public:
  explicit Reader(RawJson object) : object_(object) {}

  [[nodiscard]] std::optional<RawJson> member(std::string_view name) const {
    const auto value = object_.member(name);
    return value && !value->is_null() ? value : std::nullopt;
  }
  std::string text(std::string_view name) {
    const auto value = member(name);
    if (!value) return {};
    auto read = value->string();
    good_ = good_ && read.has_value();
    return std::move(read).value_or("");
  }
  // RFC 7519 section 2, NumericDate: a fraction is allowed, and is dropped.
  std::optional<std::int64_t> date(std::string_view name) {
    const auto value = member(name);
    if (!value) return std::nullopt;
    const auto read = value->whole_part();
    good_ = good_ && read.has_value();
    return read;
  }
  // A text, or an array of texts.
  std::vector<std::string> texts(std::string_view name) {
    const auto value = member(name);
    if (!value) return {};
    if (const auto one = value->string()) return {*one};
    std::vector<std::string> all;
    good_ = good_ && value->is_array();
    value->each_element([&](RawJson each) {
      const auto read = each.string();
      good_ = good_ && read.has_value();
      if (read) all.push_back(*read);
      return good_;
    });
    return all;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  RawJson object_;
  bool good_ = true;
};

std::expected<Claims, Fault> read_claims(RawJson object, const Policy& policy, base::WallTime now) {
  Reader reader(object);
  Claims claims;
  claims.subject = reader.text("sub");
  claims.expires_at = reader.date("exp");
  claims.channels = reader.texts("channels");
  claims.channel = reader.text("channel");
  if (const auto info = reader.member("info")) claims.info = info->on_one_line();
  const auto not_before = reader.date("nbf");
  const auto issued_at = reader.date("iat");
  const auto audience = reader.texts("aud");
  const std::string issuer = reader.text("iss");
  if (!reader.good()) return std::unexpected(Fault::kMalformed);

  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (claims.expires_at && seconds >= *claims.expires_at) return std::unexpected(Fault::kExpired);
  for (const auto& from : {not_before, issued_at}) {
    if (from && *from > seconds + kLeewaySeconds) return std::unexpected(Fault::kNotYet);
  }
  const bool meant = std::ranges::find(audience, policy.audience) != audience.end();
  if (!policy.audience.empty() && !meant) {
    return std::unexpected(Fault::kAudience);
  }
  if (!policy.issuer.empty() && issuer != policy.issuer) return std::unexpected(Fault::kIssuer);
  return claims;
}

}  // namespace

std::string_view text_of(Fault fault) {
  switch (fault) {
    case Fault::kMalformed:
      return "not a token";
    case Fault::kAlgorithm:
      return "an algorithm that is not taken";
    case Fault::kSignature:
      return "a wrong signature";
    case Fault::kExpired:
      return "expired";
    case Fault::kNotYet:
      return "not valid yet";
    case Fault::kAudience:
      return "for another audience";
    case Fault::kIssuer:
      return "of another issuer";
  }
  return "";
}

std::expected<Claims, Fault> verify(std::string_view token, const Policy& policy,
                                    base::WallTime now) {
  CHECK(!policy.key.empty(), "an empty key would verify anybody's token");
  if (token.size() > kTokenBytesMax) return std::unexpected(Fault::kMalformed);
  const auto parts = split(token);
  if (!parts) return std::unexpected(Fault::kMalformed);
  const auto row = algorithm_of(*parts);
  if (!row) return std::unexpected(row.error());
  const auto signature = base::from_base64url(parts->signature);
  if (!signature) return std::unexpected(Fault::kMalformed);
  if (!equal_in_constant_time(*signature, mac_of(parts->signed_text, **row, policy.key))) {
    return std::unexpected(Fault::kSignature);
  }
  const auto text = object_text(parts->payload);
  if (!text) return std::unexpected(Fault::kMalformed);
  return read_claims(*RawJson::parse(*text), policy, now);
}

std::string sign(std::string_view claims, Algorithm algorithm, std::string_view key) {
  CHECK(!key.empty(), "a token needs a key");
  const auto row = std::ranges::find(kRows, algorithm, &Row::algorithm);
  CHECK(row != kRows.end(), "every algorithm has its row");
  const std::string header = R"({"alg":")" + std::string(row->name) + R"(","typ":"JWT"})";
  const std::string text = base::to_base64url(header) + '.' + base::to_base64url(claims);
  return text + '.' + base::to_base64url(mac_of(text, *row, key));
}

}  // namespace palaver::auth::jwt
