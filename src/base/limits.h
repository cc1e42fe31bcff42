// SPDX-License-Identifier: Apache-2.0
// Every bound of the server, with its reason and its answer. Limits holds those that an operator
// can set (app/ fills it from the options of the same names); the constants below it are fixed by a
// protocol or by the engine. Sizes are bytes unless the name says otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace palaver::base {

struct Limits {
  // Sockets of the whole node. Beyond: HTTP 503 with Retry-After.
  std::uint32_t connections_max = 100'000;
  // Connections of one address, when the address is known (--trusted-hops); 0: no bound.
  // Beyond: HTTP 429.
  std::uint32_t connections_per_ip_max = 256;
  // Rooms with members on this node. Beyond: HTTP 503.
  std::uint32_t rooms_max = 1'000'000;

  // From accept to the last byte of the handshake: a slow client holds a socket no longer. Beyond:
  // the connection is reset.
  std::chrono::milliseconds handshake_timeout{10'000};
  // A kept-alive HTTP connection without a request. Beyond: it is closed.
  std::chrono::milliseconds http_idle_timeout{60'000};
  // Request line and headers together. Beyond: HTTP 431.
  std::size_t header_bytes_max = 16 * 1024;

  // One message, after inflating. Beyond: close 1009.
  std::size_t message_bytes_max = 64 * 1024;
  // Frames (messages and control frames) a second of one connection, and how many may come at once.
  // Beyond: close 1008.
  double messages_per_second = 20;
  double messages_burst = 100;

  // What a slow member may owe before it is cut off. Beyond: frames not begun are dropped, close
  // 1008.
  std::size_t outbox_bytes_max = 1024 * 1024;

  // A ping to every connection; dead when the next is due and nothing came back.
  std::chrono::milliseconds ping_interval{25'000};
  // From SIGTERM to exit; the last second is for the close replies.
  std::chrono::milliseconds drain{8'000};

  // The memory broker. Beyond: the oldest entries of the room, or of the node, are forgotten.
  std::uint32_t history_entries_max = 1'000;
  std::chrono::milliseconds history_age_max = std::chrono::hours{24 * 7};
  std::size_t history_bytes_max = 256 * 1024 * 1024;  // of the node
  // How long a room without members and entries keeps its epoch.
  std::chrono::milliseconds history_meta_ttl = std::chrono::hours{24 * 30};
};

// RFC 6455 section 5.5: a control frame's payload; of it a close reason has 123 bytes.
inline constexpr std::size_t kControlPayloadMax = 125;
// The article's channel_id and client_id.
inline constexpr std::size_t kRoomNameBytesMax = 255;
// A replay: entries and bytes of one burst. centrifuge-python refuses frames above 1 MiB.
inline constexpr std::size_t kReplayEntriesMax = 300;
inline constexpr std::size_t kReplayBytesMax = 512 * 1024;
// The same for one reply of the Centrifuge protocol, whose frame (kReplayBytesMax) also holds the
// publications' other fields.
inline constexpr std::size_t kReplayReplyBytesMax = 384 * 1024;
// Data and tags of a publication by the API: the frame that members get stays within
// kReplayBytesMax. Beyond: error 106.
inline constexpr std::size_t kPublicationBytesMax = kReplayReplyBytesMax;
// What a token has granted ends so long after its time, so that a renewal on its way arrives.
inline constexpr std::chrono::seconds kExpiryGrace{25};
// Users that may not come. Beyond: the block that would end first is forgotten.
inline constexpr std::size_t kBlockedUsersMax = 100'000;
// Rooms of one connection. Beyond: error 106.
inline constexpr std::size_t kSubscriptionsMax = 128;
// Joins and leaves of one connection that others are told of: a second, and at once (all of its
// rooms, when it comes). Beyond: presence alone knows.
inline constexpr double kAnnouncementsPerSecond = 2;
inline constexpr double kAnnouncementsBurst = kSubscriptionsMax + 16;
// Who types says so at most once in this time. Beyond: error 111.
inline constexpr std::chrono::seconds kTypingInterval{3};
// What a node on Redis keeps of its rooms' newest entries, so that members who come back need no
// read: of a room, and of all. Beyond: the oldest go, and Redis is read.
inline constexpr std::size_t kTailEntriesMax = kReplayEntriesMax;
inline constexpr std::size_t kTailBytesMax = 32 * 1024 * 1024;
// Publications held back while a room's member is joining. Beyond: the join starts again.
inline constexpr std::size_t kJoinHoldMax = 4'096;

// Retries of a publish are recognised for so long and so many ids of a room.
inline constexpr std::chrono::minutes kDedupeWindow{10};
inline constexpr std::size_t kDedupeIdsMax = 10'000;
inline constexpr std::size_t kDedupeIdBytesMax = 64;

// The members of a dead node stay in their rooms for so long at most. Long enough for a node that
// is cut off from the others for a moment, short enough that nobody waits for a ghost to answer.
inline constexpr std::chrono::seconds kPresenceLease{60};

// A node that is asked what it says of itself and is silent for so long is left out of the answer:
// a backend waits for it.
inline constexpr std::chrono::milliseconds kSurveyTimeout{1'000};
// Such surveys of one node at a time. Beyond: error 106.
inline constexpr std::size_t kSurveysUnderWayMax = 16;
// What one node says: all nodes' come at once, on the socket that the rooms' messages come on, and
// Redis cuts it off when it holds 32 MB of them. Beyond: too many rooms, error 106.
inline constexpr std::size_t kSurveyReportBytesMax = 512 * 1024;

// What one turn of the loop does at most, so that no room or socket delays the others.
inline constexpr std::size_t kTurnEventsMax = 128;
inline constexpr std::size_t kTurnSocketBytesMax = 64 * 1024;
inline constexpr std::size_t kSubmissionSendsMax = 1024;
inline constexpr std::size_t kReadBufferBytes = 64 * 1024;
// Unsent bytes that the kernel may hide from the outbox (TCP_NOTSENT_LOWAT).
inline constexpr int kKernelUnsentBytesMax = 64 * 1024;

// A closing connection is reset after this, whether or not the peer answered.
inline constexpr std::chrono::milliseconds kCloseTimeout{5'000};
// The liveness sweep visits one bucket of connections in each step of this length.
inline constexpr std::chrono::milliseconds kSweepStep{500};
// Without free descriptors the acceptor waits this long.
inline constexpr std::chrono::milliseconds kAcceptPause{100};
// Connections above connections_max that are still told 503; beyond them sockets are closed at
// once.
inline constexpr std::uint32_t kRefusedConnectionsMax = 1'024;

// An HTTP request's body: no route of the server's pages takes one.
inline constexpr std::size_t kHttpBodyBytesMax = 64 * 1024;
// One request of the HTTP API: its commands are decoded before the first one runs, and its replies
// are held until the last one is there. Beyond: error 107.
inline constexpr std::size_t kApiBatchCommandsMax = 1'000;
inline constexpr std::size_t kApiBroadcastChannelsMax = 1'000;
// The same for the HTTP API, where it is on: a batch of publishes. Beyond: 413.
inline constexpr std::size_t kApiBodyBytesMax = 1024 * 1024;
// Entries and bytes of one history that the API gives, and what a batch gives in all. Beyond: fewer
// entries; error 106.
inline constexpr std::size_t kApiHistoryEntriesMax = 10'000;
inline constexpr std::size_t kApiReplyBytesMax = 4 * 1024 * 1024;
// Channels that the API lists at once, of one node and of all. Beyond: error 106.
inline constexpr std::size_t kApiChannelsMax = 10'000;
// The web root: files are held in memory.
inline constexpr std::size_t kWebRootBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kWebRootFilesMax = 4'096;
// The configuration file.
inline constexpr std::size_t kConfigFileBytesMax = 1024 * 1024;

}  // namespace palaver::base
