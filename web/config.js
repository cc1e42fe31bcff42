// SPDX-License-Identifier: Apache-2.0
// What depends on where the page is served, and nothing else: a frontend of its own serves a file
// of this name with its own values (deploy/frontend).

// The server's origin, as https://chat.example; '': the one that serves the page.
export const kServerOrigin = '';
