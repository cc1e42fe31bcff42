// SPDX-License-Identifier: Apache-2.0
// Broker: where a room's order is made and kept. Each shard holds one instance and calls it on its
// own thread; implementations share what is behind. Contract, held by tests/contract for all:
//
//  - A call never completes inside itself. Its completion runs later, once, on the calling shard;
//    after stop() none runs any more (it is destroyed), and calls do nothing.
//  - publish() appends, orders, deduplicates and publishes in one atomic step.
//  - Publications of a room reach the sinks that subscribed in the order of their offsets, and the
//    acknowledgement of a publish does not overtake an older publication. They may come twice after
//    a broker's own reconnect; a hole shows by `prev`.
//  - subscribe() completes when everything ordered later is certain to reach the sink. The sink may
//    be called for a room before that and, for publications in flight, until shortly after
//    unsubscribe().
//  - Sinks and completions may call the broker, stop() too, but not destroy it.
//  - A room begins to exist, and gets its epoch, with the first subscribe or stored publish;
//  reading
//    makes none, nor does what is refused. It may be forgotten once it has neither subscribers nor
//    entries. A room that does not exist has an empty epoch, offset 0 and no entries; that is no
//    error.
//  - Errors: kUnavailable (temporary, nothing was stored as far as is known), kLimit (a bound of
//    the broker; nothing was done), kNotFound, kInvalidArgument.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/frame.h"
#include "broker/completion.h"
#include "model/position.h"
#include "model/publication.h"

namespace palaver::broker {

// Receives what a shard has subscribed to. Called on that shard's thread.
class BrokerSink {
 public:
  virtual ~BrokerSink() = default;
  virtual void on_publication(const model::RoomName& room, const model::Epoch& epoch,
                              const model::Publication& publication) = 0;
  // The entry at `target` lost its data, and node-local copies must go too. Called for every entry
  // that a redact() replaced, in the order of their offsets, before the publication that tells of
  // it.
  virtual void on_redaction(const model::RoomName& room, model::Offset target) = 0;
  // The broker cannot vouch for the room's continuity any more (new epoch, lost entries). What
  // comes afterwards is of the history that follows.
  virtual void on_lost(const model::RoomName& room) = 0;
};

struct PublishOptions {
  model::Retention retention = model::Retention::kHistory;
  // Anything but kData is ephemeral; with kHistory: kInvalidArgument.
  std::string tags = {};  // see Publication::tags
  model::PublicationKind kind = model::PublicationKind::kData;
  // Retries with the same (room, sender.user, id) within kDedupeWindow are stored once, also when
  // the entry itself has been trimmed or redacted. Empty: none. Longer than kDedupeIdBytesMax:
  // kInvalidArgument. Ephemeral publications are never duplicates.
  std::string id;
  // The publication speaks of the entry at this offset (an edit, a reaction); 0: of none. It is
  // stored only if that entry is kept and not redacted, which is looked at in the same atomic step,
  // else kNotFound. The id comes first: a retry is a duplicate although the entry has gone since.
  // Nothing ephemeral is about an entry: kInvalidArgument.
  model::Offset about{0};
};

struct PublishResult {
  // Ephemeral: offset 0, and an empty epoch if the broker did not have to look for the room's.
  model::Position position;
  bool duplicate = false;  // the position is that of the first one
};

struct HistoryQuery {
  enum class Direction { kForward, kReverse };
  // Forward: entries with a larger offset than `since`; reverse: with a smaller one. Unset: from
  // the oldest (forward) or newest (reverse) entry on.
  std::optional<model::Offset> since;
  std::size_t limit = 0;  // 0: the position only
  // Stop before the sum of `data` passes this, but give one entry if there is one. 0: no bound.
  std::size_t bytes_max = 0;
  Direction direction = Direction::kForward;
  // Forward, in a room that this shard has subscribed to: what its sink has been given will do. The
  // answer may come from the node's memory then, and `top` is what the sink was given last.
  bool seen_will_do = false;
};

struct History {
  // Of the last entry of this epoch, trimmed or not, at the moment of the read; offset 0 before the
  // first.
  model::Position top;
  std::vector<model::Publication> entries;  // in the direction asked for
};

struct RedactResult {
  model::Position position;  // of the publication that told everybody
};

class Broker {
 public:
  virtual ~Broker() = default;

  // Completes with the position at that moment. Idempotent.
  virtual void subscribe(const model::RoomName& room, Completion<model::Position> done) = 0;
  // Idempotent; a room that is not subscribed is fine.
  virtual void unsubscribe(const model::RoomName& room) = 0;

  virtual void publish(const model::RoomName& room, model::Sender sender, base::Frame data,
                       PublishOptions options, Completion<PublishResult> done) = 0;
  // Of a room that is subscribed here, the answer is not ahead of what the sink was told.
  virtual void history(const model::RoomName& room, HistoryQuery query,
                       Completion<History> done) = 0;
  // The positions of many rooms in the order of the argument, in as few steps as the broker can;
  // each is right at some moment between call and completion, and may be ahead of the sink.
  virtual void positions(std::vector<model::RoomName> rooms,
                         Completion<std::vector<model::Position>> done) = 0;
  // The entry at exactly this offset; kNotFound when it was never there or has been trimmed.
  virtual void entry(const model::RoomName& room, model::Offset offset,
                     Completion<model::Publication> done) = 0;
  // In one step: publishes `data` by `sender` as a new entry, and replaces the data of the entry at
  // `target` and of all kept entries about it by `replacement`. Those keep offset, prev and sender,
  // and count as entries as before; what is about one of them in turn stays as it is. A target that
  // is not kept, or redacted already: kNotFound, and nothing happens. Same dedupe as publish(), and
  // as there before anything else: a retry succeeds, changes nothing and tells nobody.
  virtual void redact(const model::RoomName& room, model::Sender sender, base::Frame data,
                      model::Offset target, base::Frame replacement, std::string id,
                      Completion<RedactResult> done) = 0;
  // Forgets the room's entries and dedupe ids and starts a new epoch at offset 0; subscribers get
  // on_lost(). Offsets go on rising through epochs. A room that does not exist: nothing.
  virtual void remove_history(const model::RoomName& room, Completion<void> done) = 0;

  // No completion and no sink call follows. Idempotent.
  virtual void stop() = 0;
};

}  // namespace palaver::broker
