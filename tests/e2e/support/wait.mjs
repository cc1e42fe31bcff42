// SPDX-License-Identifier: Apache-2.0
// Waiting for things that happen: a promise with a deadline, and a condition that is asked again.
// Tests synchronise with these and with events, never with a bare sleep.

function lateError(ms, what) {
  return new Error(`waited ${ms} ms for ${typeof what === 'function' ? what() : what}`);
}

/** @param what Names the event in the error; a function is asked when the time is over. */
export async function deadline(promise, ms, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(lateError(ms, what)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks `condition` until it answers something truthy, which is returned. `what`: as above. */
export async function until(condition, ms, what) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw lateError(ms, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
