// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/entry.h"

#include <charconv>
#include <utility>

#include "base/frame.h"

namespace palaver::broker::redis {

namespace {

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Takes what is before `end` off the front; all of it if there is no `end`.
std::string_view take_until(std::string_view& in, char end) {
  const std::size_t at = std::min(in.find(end), in.size());
  const std::string_view taken = in.substr(0, at);
  in.remove_prefix(std::min(at + 1, in.size()));
  return taken;
}

bool unpack_header(std::string_view header, model::Publication& into) {
  const auto sender = unpack(header);
  const auto tags = unpack(header);
  if (!sender || !tags) return false;
  auto unpacked = unpack_sender(*sender);
  if (!unpacked) return false;
  into.sender = std::move(*unpacked);
  into.tags = std::string(*tags);
  return true;
}

// "… HEADER-LENGTH" was the last word of the first line; the header and the data follow it.
bool parse_body(std::string_view length, std::string_view body, model::Publication& into) {
  const auto header_bytes = parse_number<std::size_t>(length);
  if (!header_bytes || *header_bytes > body.size()) return false;
  into.data = base::Frame::copy_of(body.substr(*header_bytes));
  return unpack_header(body.substr(0, *header_bytes), into);
}

bool parse_redacted(std::string_view list, std::vector<model::Offset>& into) {
  while (!list.empty()) {
    const auto offset = parse_offset(take_until(list, ','));
    if (!offset) return false;
    into.push_back(*offset);
  }
  return true;
}

std::optional<Live> parse_entry(Live live, std::string_view line, std::string_view body) {
  live.epoch = model::Epoch{std::string(take_until(line, ' '))};
  const auto offset = parse_offset(take_until(line, ' '));
  const auto prev = parse_offset(take_until(line, ' '));
  if (!offset || !prev) return std::nullopt;
  live.publication.offset = *offset;
  live.publication.prev = *prev;
  if (!parse_body(take_until(line, ' '), body, live.publication)) return std::nullopt;
  if (!parse_redacted(line, live.redacted)) return std::nullopt;
  return live;
}

std::optional<Live> parse_ephemeral(Live live, std::string_view line, std::string_view body) {
  const auto kind = parse_number<unsigned>(take_until(line, ' '));
  if (!kind || *kind > static_cast<unsigned>(model::PublicationKind::kLeave)) return std::nullopt;
  live.publication.kind = static_cast<model::PublicationKind>(*kind);
  if (!parse_body(take_until(line, ' '), body, live.publication)) return std::nullopt;
  return live;
}

}  // namespace

void pack(std::string& out, std::string_view field) {
  out += std::to_string(field.size());
  out += ':';
  out += field;
  out += ',';
}

std::optional<std::string_view> unpack(std::string_view& in) {
  std::string_view rest = in;
  const auto size = parse_number<std::size_t>(take_until(rest, ':'));
  if (!size || rest.size() <= *size || rest[*size] != ',') return std::nullopt;
  in = rest.substr(*size + 1);
  return rest.substr(0, *size);
}

std::string pack_sender(const model::Sender& sender) {
  std::string out;
  pack(out, sender.user.value);
  pack(out, sender.client);
  pack(out, sender.info);
  pack(out, sender.room_info);
  return out;
}

std::optional<model::Sender> unpack_sender(std::string_view packed) {
  model::Sender sender;
  for (std::string* field : {&sender.user.value, &sender.client, &sender.info, &sender.room_info}) {
    const auto text = unpack(packed);
    if (!text) return std::nullopt;
    field->assign(*text);
  }
  return sender;
}

std::string pack_header(const model::Sender& sender, std::string_view tags) {
  std::string out;
  pack(out, pack_sender(sender));
  pack(out, tags);
  return out;
}

std::optional<Live> parse_live(std::string_view message) {
  std::string_view body = message;
  std::string_view line = take_until(body, '\n');
  if (line.empty()) return std::nullopt;
  const char mark = line.front();
  line.remove_prefix(1);
  Live live;
  switch (mark) {
    case 'P':
      live.kind = Live::Kind::kEntry;
      return parse_entry(std::move(live), line, body);
    case 'R':
      live.kind = Live::Kind::kRedaction;
      return parse_entry(std::move(live), line, body);
    case 'E':
      live.kind = Live::Kind::kEphemeral;
      return parse_ephemeral(std::move(live), line, body);
    case 'L':
      live.kind = Live::Kind::kLost;
      live.epoch = model::Epoch{std::string(line)};
      return live;
    default:
      return std::nullopt;
  }
}

std::string ephemeral_message(model::PublicationKind kind, const model::Sender& sender,
                              std::string_view tags, std::string_view data) {
  const std::string header = pack_header(sender, tags);
  std::string message = "E" + std::to_string(static_cast<unsigned>(kind)) + ' ' +
                        std::to_string(header.size()) + '\n' + header;
  message += data;
  return message;
}

std::optional<model::Offset> parse_offset(std::string_view text) {
  const auto number = parse_number<std::uint64_t>(text);
  if (!number || *number >= model::kOffsetEnd.value) return std::nullopt;
  return model::Offset{*number};
}

std::optional<model::Position> parse_position(std::span<const codec::resp::Reply> elements) {
  if (elements.size() < 2) return std::nullopt;
  const auto offset = parse_offset(elements[1].text);
  if (!offset) return std::nullopt;
  return model::Position{model::Epoch{elements[0].text}, *offset};
}

std::vector<model::Publication> parse_entries(std::span<const codec::resp::Reply> elements) {
  std::vector<model::Publication> entries;
  entries.reserve(elements.size() / 4);
  for (; elements.size() >= 4; elements = elements.subspan(4)) {
    const auto offset = parse_offset(elements[0].text);
    const auto prev = parse_offset(elements[1].text);
    model::Publication entry;
    if (!offset || !prev || !unpack_header(elements[2].text, entry)) continue;
    entry.offset = *offset;
    entry.prev = *prev;
    entry.data = base::Frame::copy_of(elements[3].text);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace palaver::broker::redis
