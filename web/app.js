// SPDX-License-Identifier: Apache-2.0
// The page: reads the room from the hash and the id from this browser's storage, and wires the
// connection, the conversation and the composer together. What can be tested without a browser
// lives in the other modules; nothing here keeps a rule of its own about the wire.

import { countdownWords } from './backoff.js';
import { kServerOrigin } from './config.js';
import { Connection } from './connection.js';
import { parseLine, persona } from './line.js';
import { Outbox } from './outbox.js';
import { ReplayFilter, historyToAsk } from './replay.js';
import {
  hashOfRoom,
  newClientId,
  normalClientId,
  roomOfHash,
  roomProblem,
  socketUrl,
} from './route.js';
import { Conversation, avatar, element } from './view.js';

// The replay leaves the server in one go right after the handshake; this is ample for a slow line.
const kReplayMs = 1_500;
const kIdKey = 'palaver.client_id';
const kRoomKey = 'palaver.room';

const byId = (id) => document.getElementById(id);
const conversation = new Conversation(byId('log'), byId('empty'), byId('jump'));
const composer = byId('text');

const environment = {
  openSocket: (url) => new WebSocket(url),
  setTimer: (action, ms) => setTimeout(action, ms),
  clearTimer: (timer) => clearTimeout(timer),
  now: () => Date.now(),
  random: () => Math.random(),
};

// Storage may be forbidden (private windows); the page then forgets, and works.
const storage = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Nothing to do: see above.
    }
  },
};

let clientId = loadClientId();
let room = null;
let visit = null; // The room being visited: {connection, outbox, filter, replayTimer, number}.
let state = { phase: 'waiting', reason: '', retryAt: 0 };
let countdownTimer = null;
let unread = 0;

function freshId() {
  return newClientId((words) => crypto.getRandomValues(words));
}

function loadClientId() {
  const stored = normalClientId(storage.get(kIdKey) ?? '');
  const id = stored ?? freshId();
  storage.set(kIdKey, id);
  return id;
}

// --- Rooms -------------------------------------------------------------------------------------

function route() {
  const wanted = roomOfHash(location.hash);
  const problem = wanted === null ? '' : roomProblem(wanted);
  leave();
  if (wanted === null || problem !== '') {
    showLobby(wanted ?? storage.get(kRoomKey) ?? '', problem);
  } else {
    enter(wanted);
  }
}

function showLobby(name, problem) {
  room = null;
  byId('chat').hidden = true;
  byId('lobby').hidden = false;
  byId('join-room').value = name;
  byId('join-id').value = clientId;
  byId('join-problem').textContent = problem;
  showPersona('join', clientId);
  showTitle();
  if (matchMedia('(pointer: fine)').matches) byId('join-room').focus();
}

function enter(name) {
  room = name;
  storage.set(kRoomKey, name);
  byId('lobby').hidden = true;
  byId('chat').hidden = false;
  byId('room-name').textContent = name;
  byId('room-name').title = name;
  const { name: alias } = persona(clientId);
  byId('identity').replaceChildren(avatar(clientId));
  byId('identity').title = `You are ${alias}, id ${clientId}`;
  byId('identity').setAttribute('aria-label', `You are ${alias}, id ${clientId}. Change your id`);
  conversation.reset(clientId);
  byId('notice').hidden = true;
  byId('notice-reason').textContent = '';
  showTitle();
  visit = startVisit();
  visit.connection.start();
  // On a phone the keyboard would cover the room that was just entered.
  if (matchMedia('(pointer: fine)').matches) composer.focus();
}

function leave() {
  if (visit === null) return;
  clearTimeout(visit.replayTimer);
  visit.connection.stop();
  visit = null;
}

function startVisit() {
  const self = { outbox: new Outbox(), filter: null, replayTimer: null, number: 0 };
  self.connection = new Connection(environment, {
    url: () => {
      const history = historyToAsk(conversation.lines.length);
      return socketUrl(kServerOrigin || location.origin, room, clientId, history);
    },
    onState: showState,
    onOpen: () => {
      ++self.number;
      clearTimeout(self.replayTimer);
      self.filter = new ReplayFilter(conversation.lines);
      self.replayTimer = setTimeout(() => endReplay(self), kReplayMs);
      byId('log').setAttribute('aria-busy', 'true');
    },
    onLine: (line) => receive(self, line),
  });
  return self;
}

// --- Messages ----------------------------------------------------------------------------------

function receive(self, line) {
  const replaying = self.replayTimer !== null;
  const fresh = self.filter.push(line);
  if (self.filter.gap && replaying) {
    conversation.addNote('Some messages may be missing here');
    self.filter.gap = false;
  }
  for (const next of fresh) show(self, next, replaying);
}

function show(self, line, replayed) {
  const message = parseLine(line);
  if (message?.sender === clientId) {
    self.outbox.confirm(message.text)?.remove();
  } else if (document.hidden && !replayed) {
    ++unread;
    showTitle();
  }
  conversation.add(line);
}

function endReplay(self) {
  self.replayTimer = null;
  for (const line of self.filter.settle()) show(self, line, true);
  byId('log').removeAttribute('aria-busy');
  for (const node of self.outbox.takeLost(self.number)) {
    const text = node.querySelector('.bubble').textContent;
    conversation.failPending(node, () => send(text));
  }
  conversation.showEmpty();
}

/** @returns {boolean} Whether the text left; if not, it is still the caller's. */
function send(text) {
  if (visit === null || !visit.connection.send(text)) return false;
  visit.outbox.add(text, conversation.addPending(text), visit.number);
  return true;
}

function submitComposer() {
  if (composer.value.trim() === '' || !send(composer.value)) return;
  composer.value = '';
  showComposer();
}

// --- State -------------------------------------------------------------------------------------

const kPhaseWords = { connecting: 'Connecting…', open: 'Connected', waiting: 'Disconnected' };

function showState(next) {
  state = next;
  byId('state').dataset.phase = state.phase;
  byId('state').textContent = kPhaseWords[state.phase];
  // While it tries again the notice stays as it is: a bar that comes and goes moves the page.
  if (state.phase === 'open') byId('notice').hidden = true;
  if (state.phase === 'waiting') {
    byId('notice').hidden = false;
    // A screen reader announces each change, so there is none without news.
    const reason = navigator.onLine ? state.reason : 'You are offline.';
    if (byId('notice-reason').textContent !== reason) byId('notice-reason').textContent = reason;
  }
  clearInterval(countdownTimer);
  showCountdown();
  if (state.phase === 'waiting') countdownTimer = setInterval(showCountdown, 250);
  showComposer();
}

function showCountdown() {
  byId('notice-countdown').textContent = countdownWords(state.retryAt - Date.now());
}

function showComposer() {
  const open = state.phase === 'open';
  byId('send').disabled = !open || composer.value.trim() === '';
  byId('composer-hint').textContent = open
    ? 'Enter sends, Shift + Enter starts a new line'
    : 'Not connected: your text is kept until it can be sent';
  composer.style.height = 'auto';
  composer.style.height = `${composer.scrollHeight}px`;
}

function showTitle() {
  const count = unread > 0 ? `(${unread}) ` : '';
  document.title = room === null ? 'Palaver' : `${count}${room} · Palaver`;
}

// --- Forms -------------------------------------------------------------------------------------

function showPersona(form, text) {
  const id = normalClientId(text);
  const line = byId(`${form}-persona`);
  if (id === null) {
    line.replaceChildren();
    return;
  }
  const { name } = persona(id);
  line.replaceChildren(avatar(id), element('span', '', `Others see you as ${name}`));
}

/** @returns {boolean} Whether the id was good and is now ours. */
function takeId(form) {
  const id = normalClientId(byId(`${form}-id`).value);
  const problem = id === null ? 'An id is a whole number of at most 64 bits.' : '';
  byId(`${form}-problem`).textContent = problem;
  if (id === null) return false;
  clientId = id;
  storage.set(kIdKey, id);
  return true;
}

function wireIdFields(form) {
  const input = byId(`${form}-id`);
  input.addEventListener('input', () => showPersona(form, input.value));
  byId(`${form}-new-id`).addEventListener('click', () => {
    input.value = freshId();
    showPersona(form, input.value);
  });
}

function wireForms() {
  wireIdFields('join');
  wireIdFields('identity');
  byId('join').addEventListener('submit', (event) => {
    event.preventDefault();
    const name = byId('join-room').value.trim() || byId('join-room').placeholder;
    const problem = roomProblem(name);
    byId('join-problem').textContent = problem;
    if (problem === '' && takeId('join')) location.hash = hashOfRoom(name);
  });
  const dialog = byId('identity-dialog');
  byId('identity').addEventListener('click', () => {
    byId('identity-id').value = clientId;
    byId('identity-problem').textContent = '';
    showPersona('identity', clientId);
    dialog.showModal();
  });
  byId('identity-cancel').addEventListener('click', () => dialog.close());
  byId('identity-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const before = clientId;
    if (!takeId('identity')) return;
    dialog.close();
    if (clientId !== before) route();
  });
}

function wireComposer() {
  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    submitComposer();
  });
  composer.addEventListener('input', showComposer);
  composer.addEventListener('keydown', (event) => {
    // While an input method composes, Enter picks a candidate. 229 is what browsers report that
    // end the composition before the key event (Safari).
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== 'Enter' || event.shiftKey || composing) return;
    event.preventDefault();
    submitComposer();
  });
}

function wireWindow() {
  addEventListener('hashchange', route);
  addEventListener('online', () => visit?.connection.retryNow());
  addEventListener('offline', () => showState(state));
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    unread = 0;
    showTitle();
    visit?.connection.retryNow();
  });
  byId('retry').addEventListener('click', () => visit?.connection.retryNow());
  byId('copy-link').addEventListener('click', copyLink);
}

async function copyLink() {
  const button = byId('copy-link');
  try {
    await navigator.clipboard.writeText(location.href);
    button.classList.add('done');
    setTimeout(() => button.classList.remove('done'), 1_500);
  } catch {
    // No clipboard outside secure contexts; the address bar holds the same link.
    prompt('The link of this room:', location.href);
  }
}

wireForms();
wireComposer();
wireWindow();
route();
