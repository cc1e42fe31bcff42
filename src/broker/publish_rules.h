// SPDX-License-Identifier: Apache-2.0
// What every broker refuses of a publish before it does anything: see PublishOptions.
#pragma once

#include <cstddef>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "broker/broker.h"

namespace palaver::broker {

[[nodiscard]] inline base::Result<void> check_publish_id(
    const std::string& id, std::size_t bytes_max = base::kDedupeIdBytesMax) {
  if (id.size() <= bytes_max) return {};
  return base::fail(base::ErrorCode::kInvalidArgument, "the id of a publish is too long");
}

[[nodiscard]] inline base::Result<void> check_publish(
    const PublishOptions& options, std::size_t id_bytes_max = base::kDedupeIdBytesMax) {
  const bool ephemeral = options.retention == model::Retention::kEphemeral;
  if (ephemeral && options.about != model::Offset{0}) {
    return base::fail(base::ErrorCode::kInvalidArgument, "what is ephemeral is about no entry");
  }
  if (!ephemeral && options.kind != model::PublicationKind::kData) {
    return base::fail(base::ErrorCode::kInvalidArgument, "joins and leaves are ephemeral");
  }
  return check_publish_id(options.id, id_bytes_max);
}

}  // namespace palaver::broker
