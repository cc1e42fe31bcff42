// SPDX-License-Identifier: Apache-2.0
// ArticleForm: what the payload by which the article's instances talk can hold of a message. A
// plain value between the chat, which knows what a message is, and a broker that speaks that
// payload.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/publication.h"

namespace palaver::broker {

struct ArticleForm {
  std::string client = {};  // as people see it
  bool numbered = false;    // `client` is an integer, as the article's are
  std::string text = {};
  friend bool operator==(const ArticleForm&, const ArticleForm&) = default;
};

// How publications become such messages and come out of them; pure, called on any thread.
struct ArticleTranslation {
  // Nothing: it is no message, and the article has no word for it.
  std::optional<ArticleForm> (*form_of)(const model::Sender& sender, std::string_view data);
  // Its sender and its data.
  model::Publication (*publication_of)(const ArticleForm& form);
};

}  // namespace palaver::broker
