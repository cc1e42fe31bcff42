// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/handshake.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>

namespace palaver::codec::ws {
namespace {

// RFC 6455 section 1.2.
UpgradeRequest sample() {
  return {.method = "GET",
          .http_version_minor = 1,
          .host = "server.example.com",
          .upgrade = "websocket",
          .connection = "Upgrade",
          .key = "dGhlIHNhbXBsZSBub25jZQ==",
          .version = "13",
          .extensions = "",
          .subprotocols = "chat, superchat"};
}

TEST(Handshake, AcceptsTheExampleOfRfc6455) {
  const auto upgrade = check_upgrade(sample());
  ASSERT_TRUE(upgrade);
  EXPECT_EQ(upgrade->accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(upgrade->compression(), Compression::kNone);
  EXPECT_EQ(encode_upgrade_response(*upgrade, "chat"),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: chat\r\n"
            "\r\n");
}

TEST(Handshake, AnswersWithTheExtension) {
  UpgradeRequest request = sample();
  request.extensions = "permessage-deflate; client_max_window_bits";
  auto upgrade = check_upgrade(request);
  ASSERT_TRUE(upgrade);
  EXPECT_EQ(upgrade->compression(), Compression::kDeflate);
  EXPECT_EQ(encode_upgrade_response(*upgrade, ""),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
            "client_no_context_takeover\r\n"
            "\r\n");
  upgrade->extensions.clear();
  EXPECT_EQ(upgrade->compression(), Compression::kNone);
}

TEST(Handshake, AcceptsWhatTheRulesAllow) {
  const std::function<void(UpgradeRequest&)> changes[] = {
      [](UpgradeRequest& r) { r.upgrade = "WebSocket"; },
      [](UpgradeRequest& r) { r.upgrade = "h2c, WEBSOCKET"; },
      [](UpgradeRequest& r) { r.connection = "keep-alive, Upgrade"; },
      [](UpgradeRequest& r) { r.connection = ",upgrade,"; },
      [](UpgradeRequest& r) { r.subprotocols = ""; },
      [](UpgradeRequest& r) { r.subprotocols = "centrifuge-json"; },
      [](UpgradeRequest& r) { r.key = "AAAAAAAAAAAAAAAAAAAAAA=="; },
      [](UpgradeRequest& r) { r.key = "++//++//++//++//++//+/=="; },
      [](UpgradeRequest& r) { r.extensions = "unknown; a=b"; },
  };
  for (const auto& change : changes) {
    UpgradeRequest request = sample();
    change(request);
    EXPECT_TRUE(check_upgrade(request)) << &change - changes;
  }
}

TEST(Handshake, NamesWhatIsWrong) {
  const struct {
    std::function<void(UpgradeRequest&)> change;
    int status;
  } cases[] = {
      {[](UpgradeRequest& r) { r.method = "POST"; }, 405},
      {[](UpgradeRequest& r) { r.method = "get"; }, 405},
      {[](UpgradeRequest& r) { r.http_version_minor = 0; }, 400},
      {[](UpgradeRequest& r) { r.host = ""; }, 400},
      {[](UpgradeRequest& r) { r.upgrade = ""; }, 426},
      {[](UpgradeRequest& r) { r.upgrade = "h2c"; }, 426},
      {[](UpgradeRequest& r) { r.upgrade = "websockets"; }, 426},
      {[](UpgradeRequest& r) { r.connection = ""; }, 426},
      {[](UpgradeRequest& r) { r.connection = "keep-alive"; }, 426},
      {[](UpgradeRequest& r) { r.version = ""; }, 426},
      {[](UpgradeRequest& r) { r.version = "8"; }, 426},
      {[](UpgradeRequest& r) { r.version = "13, 8"; }, 426},
      {[](UpgradeRequest& r) { r.version = "013"; }, 426},
      {[](UpgradeRequest& r) { r.key = ""; }, 400},
      {[](UpgradeRequest& r) { r.key = "dGhlIHNhbXBsZSBub25jZQ="; }, 400},
      {[](UpgradeRequest& r) { r.key = "dGhlIHNhbXBsZSBub25jZQ=== "; }, 400},
      {[](UpgradeRequest& r) { r.key = "dGhlIHNhbXBsZSBub25jZTEy"; }, 400},
      {[](UpgradeRequest& r) { r.key = "dGhlIHNhbXBsZSBub25jZ-=="; }, 400},
      {[](UpgradeRequest& r) { r.key = "dGhlIHNhbXBs\0SBub25jZQ=="; }, 400},
      {[](UpgradeRequest& r) { r.key = "=GhlIHNhbXBsZSBub25jZQ=="; }, 400},
      {[](UpgradeRequest& r) { r.key = "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="; },
       400},
      {[](UpgradeRequest& r) { r.subprotocols = ","; }, 400},
      {[](UpgradeRequest& r) { r.subprotocols = "a b"; }, 400},
      {[](UpgradeRequest& r) { r.subprotocols = "a;b"; }, 400},
      {[](UpgradeRequest& r) { r.subprotocols = "\"a\""; }, 400},
      {[](UpgradeRequest& r) { r.extensions = "permessage-deflate;"; }, 400},
  };
  for (const auto& [change, status] : cases) {
    UpgradeRequest request = sample();
    change(request);
    const auto upgrade = check_upgrade(request);
    ASSERT_FALSE(upgrade) << status;
    EXPECT_EQ(upgrade.error().status, status);
    EXPECT_FALSE(upgrade.error().reason.empty());
    EXPECT_EQ(upgrade.error().headers.contains("Sec-WebSocket-Version: 13\r\n"), status == 426);
    EXPECT_EQ(upgrade.error().headers.contains("Allow: GET\r\n"), status == 405);
  }
}

TEST(Handshake, SelectsTheClientsFavourite) {
  constexpr std::array<std::string_view, 2> kSupported = {"centrifuge-protobuf", "centrifuge-json"};
  EXPECT_EQ(select_subprotocol("centrifuge-json", kSupported), "centrifuge-json");
  EXPECT_EQ(select_subprotocol("x, centrifuge-json,centrifuge-protobuf", kSupported),
            "centrifuge-json");
  EXPECT_EQ(select_subprotocol("Centrifuge-JSON", kSupported), "");
  EXPECT_EQ(select_subprotocol("", kSupported), "");
  EXPECT_EQ(select_subprotocol("a, b", kSupported), "");
  EXPECT_EQ(select_subprotocol("a", {}), "");
}

TEST(HandshakeDeathTest, RefusesASubprotocolThatIsNoToken) {
  EXPECT_DEATH((void)encode_upgrade_response({}, "a\r\nb: c"), "token");
}

}  // namespace
}  // namespace palaver::codec::ws
