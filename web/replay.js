// SPDX-License-Identifier: Apache-2.0
// After a reconnect the server replays the last lines of the room, and nothing on the wire tells
// where the replay ends. ReplayFilter lets only those lines pass that are not on the page already:
// it drops the longest beginning of what arrives that is also the end of what is shown. One filter
// belongs to one connection. Pure: no DOM, no clock.

export const kHistoryMin = 50;
export const kHistoryMax = 300;

/**
 * How many lines to ask for. Not more than are shown, or the replay would begin before the first
 * line of the page and could not be aligned with it; not fewer than a screen for an empty page.
 */
export function historyToAsk(shownCount) {
  return Math.min(kHistoryMax, Math.max(kHistoryMin, shownCount));
}

export class ReplayFilter {
  #shown;
  #starts; // Positions in #shown at which all of #held matches.
  #held = [];
  #complete = 0; // How many of #held are known to be the page's last lines.
  #open = true;

  /** @param {string[]} shown The page's lines, oldest first; the last kHistoryMax count. */
  constructor(shown) {
    this.#shown = shown.slice(-kHistoryMax);
    this.#starts = this.#shown.map((_, index) => index);
  }

  /** Whether a line that was replayed did not continue what is shown: lines between were missed. */
  gap = false;

  /** @returns {string[]} The lines to show now, in order. */
  push(line) {
    if (!this.#open) return [line];
    const at = this.#held.length;
    const alive = this.#starts.filter((start) => this.#shown[start + at] === line);
    if (alive.length === 0) {
      this.gap = at === 0 && this.#shown.length > 0;
      return [...this.settle(), line];
    }
    this.#held.push(line);
    if (alive.some((start) => start + at + 1 === this.#shown.length)) this.#complete = at + 1;
    this.#starts = alive.filter((start) => start + at + 1 < this.#shown.length);
    return this.#starts.length === 0 ? this.settle() : [];
  }

  /** The replay is over: later lines pass unseen. @returns {string[]} Lines held back in doubt. */
  settle() {
    this.#open = false;
    // Without an overlap that reaches the end, the server has forgotten its newest lines (it was
    // restarted): all that was held is on the page.
    const rest = this.#complete > 0 ? this.#held.slice(this.#complete) : [];
    this.#held = [];
    return rest;
  }
}
