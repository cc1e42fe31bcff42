// SPDX-License-Identifier: Apache-2.0
// SimEncoder: an Encoder for both kinds of members of the simulation: what the Centrifuge
// protocol's own members get is its JSON, a line each; all others get the lines of LineEncoder.
#pragma once

#include <string>

#include "base/frame.h"
#include "codec/wire/json_reply.h"
#include "rooms/encoding.h"
#include "tests/support/line_encoder.h"

namespace palaver::tests::sim {

class SimEncoder final : public palaver::rooms::Encoder {
 public:
  [[nodiscard]] palaver::rooms::EncodedFrames encode(
      const model::RoomName& room, const model::Publication& publication,
      const palaver::rooms::EncodingSet& wanted) override {
    using palaver::rooms::Encoding;
    palaver::rooms::EncodedFrames frames = lines_.encode(room, publication, wanted);
    for (const Encoding encoding : {Encoding::kJson, Encoding::kJsonJoins}) {
      base::Frame& frame = frames[index_of(encoding)];
      if (!frame.empty()) frame = base::Frame::copy_of(json_line(room, publication) + '\n');
    }
    return frames;
  }

 private:
  [[nodiscard]] static std::string json_line(const model::RoomName& room,
                                             const model::Publication& publication) {
    switch (publication.kind) {
      case model::PublicationKind::kJoin:
        return codec::wire::json_join_push(room.value, codec::wire::info_of(publication.sender));
      case model::PublicationKind::kLeave:
        return codec::wire::json_leave_push(room.value, codec::wire::info_of(publication.sender));
      case model::PublicationKind::kData:
        break;
    }
    return codec::wire::json_publication_push(room.value, publication);
  }

  support::LineEncoder lines_;
};

}  // namespace palaver::tests::sim
