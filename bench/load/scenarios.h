// SPDX-License-Identifier: Apache-2.0
// The scenarios. Each opens its connections, does its work on a driver of its own, and returns the
// figures, or the reason why the run failed. Called by main(), one in a process.
#pragma once

#include "base/result.h"
#include "bench/load/options.h"
#include "bench/load/report.h"

namespace palaver::bench::load {

// fanout, burst, rooms, mixed: messages flow, and the figures are for each delivery.
[[nodiscard]] base::Result<Report> run_traffic(const Options& options);
// Connections that only answer pings: memory of each, and the core's share.
[[nodiscard]] base::Result<Report> run_idle(const Options& options);
// Handshakes as fast as the server answers: core time of each.
[[nodiscard]] base::Result<Report> run_connect(const Options& options);
// Clients that missed messages come back all at once: the time until all have recovered.
[[nodiscard]] base::Result<Report> run_recover(const Options& options);
// A node whose connections to Redis are killed: the time until all its rooms have what they missed.
[[nodiscard]] base::Result<Report> run_cut(const Options& options);

}  // namespace palaver::bench::load
