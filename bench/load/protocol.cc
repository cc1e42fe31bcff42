// SPDX-License-Identifier: Apache-2.0
#include "bench/load/protocol.h"

#include "base/check.h"
#include "bench/load/sdk_protocol.h"

namespace palaver::bench::load {
namespace {

class ArticleProtocol final : public Protocol {
 public:
  explicit ArticleProtocol(ProtocolEvents& events) : events_(events) {}

  void on_open(ClientIndex client) override { events_.on_joined(client); }
  void on_text(ClientIndex client, std::string_view payload, Nanos now) override {
    events_.on_delivery(client, payload, 0, now);
  }
  std::string_view publish(ClientIndex /*client*/, std::string_view text) override { return text; }
  void recover() override { CHECK(false, "the article's protocol cannot recover"); }

 private:
  ProtocolEvents& events_;
};

}  // namespace

std::unique_ptr<Protocol> make_protocol(const Options& options, const Ledger& ledger,
                                        ProtocolEvents& events) {
  if (options.protocol == ProtocolKind::kJson) {
    return std::make_unique<SdkProtocol>(options.room_prefix, ledger, events);
  }
  return std::make_unique<ArticleProtocol>(events);
}

}  // namespace palaver::bench::load
