// SPDX-License-Identifier: Apache-2.0
#include "rooms/article_session.h"

#include <utility>

#include "chat/article.h"
#include "chat/message.h"

namespace palaver::rooms {

void ArticleSession::on_text(std::string_view text,
                             broker::Completion<broker::PublishResult> done) {
  if (text.empty()) return;
  broker_->publish(room_, {.user = chat::article_user(client_id_), .client = {}, .info = {}},
                   chat::text_message(text), {}, std::move(done));
}

}  // namespace palaver::rooms
