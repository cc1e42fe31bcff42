// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/handshake.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/check.h"
#include "codec/ws/extensions.h"
#include "codec/ws/header_lexer.h"

namespace palaver::codec::ws {

namespace {

constexpr std::string_view kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455's GUID
constexpr std::string_view kVersion = "13";
constexpr std::size_t kSha1Bytes = 20;
constexpr std::size_t kSha1Base64Chars = 28;

std::unexpected<UpgradeError> bad_request(std::string_view reason) {
  return std::unexpected(UpgradeError{.status = 400, .reason = reason, .headers = {}});
}

// RFC 9110 section 15.5.22 asks for Upgrade, RFC 6455 section 4.4 for the version.
std::unexpected<UpgradeError> upgrade_required(std::string_view reason) {
  return std::unexpected(UpgradeError{.status = 426,
                                      .reason = reason,
                                      .headers = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                                 "Sec-WebSocket-Version: 13\r\n"});
}

// 16 bytes in base64: 22 digits and the padding. Bits of the last digit that carry nothing are not
// looked at: clients that draw the digits at random set them.
bool is_key(std::string_view key) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kChars = 24;
  if (key.size() != kChars || !key.ends_with("==")) return false;
  key.remove_suffix(2);
  return std::ranges::all_of(key, [&](char c) { return kDigits.contains(c); });
}

// Not empty, and nothing but tokens and commas.
bool is_token_list(std::string_view header) {
  HeaderLexer lexer(header);
  bool any = false;
  while (true) {
    while (lexer.take(',')) {
    }
    if (lexer.at_end()) return any;
    if (!lexer.token()) return false;
    if (!lexer.at_end() && !lexer.take(',')) return false;
    any = true;
  }
}

void add_header(std::string& response, std::string_view name, std::string_view value) {
  response += name;
  response += ": ";
  response += value;
  response += "\r\n";
}

}  // namespace

std::expected<Upgrade, UpgradeError> check_upgrade(const UpgradeRequest& request) {
  if (request.method != "GET") {
    return std::unexpected(UpgradeError{
        .status = 405, .reason = "a WebSocket handshake is a GET", .headers = "Allow: GET\r\n"});
  }
  if (request.http_version_minor < 1) return bad_request("a WebSocket handshake needs HTTP/1.1");
  if (request.host.empty()) return bad_request("Host is missing");
  if (!list_has_token(request.upgrade, "websocket")) {
    return upgrade_required("this is a WebSocket endpoint: Upgrade must name websocket");
  }
  if (!list_has_token(request.connection, "upgrade")) {
    return upgrade_required("this is a WebSocket endpoint: Connection must name Upgrade");
  }
  if (request.version != kVersion) return upgrade_required("Sec-WebSocket-Version must be 13");
  if (!is_key(request.key)) return bad_request("Sec-WebSocket-Key must be 16 bytes in base64");
  if (!request.subprotocols.empty() && !is_token_list(request.subprotocols)) {
    return bad_request("Sec-WebSocket-Protocol must be a list of tokens");
  }
  auto extensions = negotiate_extensions(request.extensions);
  if (!extensions) return bad_request("Sec-WebSocket-Extensions is malformed");
  return Upgrade{.accept = accept_key(request.key), .extensions = *std::move(extensions)};
}

std::string_view select_subprotocol(std::string_view offered,
                                    std::span<const std::string_view> supported) {
  HeaderLexer lexer(offered);
  while (true) {
    while (lexer.take(',')) {
    }
    const auto name = lexer.token();
    if (!name) return {};
    const auto found = std::ranges::find(supported, *name);
    if (found != supported.end()) return *found;
  }
}

std::string encode_upgrade_response(const Upgrade& upgrade, std::string_view subprotocol) {
  std::string response =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n";
  add_header(response, "Sec-WebSocket-Accept", upgrade.accept);
  if (!upgrade.extensions.empty()) {
    add_header(response, "Sec-WebSocket-Extensions", upgrade.extensions);
  }
  if (!subprotocol.empty()) {
    CHECK(base::is_token(subprotocol), "a subprotocol's name is a token");
    add_header(response, "Sec-WebSocket-Protocol", subprotocol);
  }
  response += "\r\n";
  return response;
}

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += kKeySuffix;
  std::array<unsigned char, kSha1Bytes> digest;
  CHECK(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1,
        "OpenSSL has SHA-1");
  std::array<unsigned char, kSha1Base64Chars + 1> base64;  // OpenSSL ends it with a zero
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), digest.size());
  CHECK(size == static_cast<int>(kSha1Base64Chars), "base64 of 20 bytes is 28 characters");
  return {reinterpret_cast<const char*>(base64.data()), kSha1Base64Chars};
}

}  // namespace palaver::codec::ws
