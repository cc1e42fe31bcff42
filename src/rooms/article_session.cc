// SPDX-License-Identifier: Apache-2.0
#include "rooms/article_session.h"

#include <utility>

#include "base/check.h"
#include "chat/message.h"

namespace palaver::rooms {

void ArticleSession::on_text(std::string_view text,
                             broker::Completion<broker::PublishResult> done) {
  CHECK(may_publish(), "the connection asks for the right first");
  if (text.empty()) return;
  broker_->publish(options_.room, options_.sender, chat::text_message(text), {}, std::move(done));
}

}  // namespace palaver::rooms
