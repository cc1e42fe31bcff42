// SPDX-License-Identifier: Apache-2.0
// The conversation on the page: groups of bubbles, date lines, pending messages, scrolling. The app
// owns one. It never parses the wire and never decides about connections; text from others enters
// the page through textContent alone. At most kMessagesMax messages are kept.

import { parseLine, persona, sameDay, sameGroup } from './line.js';

const kMessagesMax = 1_000;
const kNearEndPx = 80;

const kClock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const kFullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const kDay = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});

export function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function avatar(clientId) {
  const { initials, hue } = persona(clientId);
  const node = element('span', `avatar hue-${hue}`, initials);
  node.setAttribute('aria-hidden', 'true');
  return node;
}

export class Conversation {
  #log;
  #empty;
  #jump;
  #self = '';
  #messages = []; // {line, node, group}, oldest first.
  #last = null; // What the next message is grouped with.
  #lastGroup = null;
  #lastDay = null; // A Date of the last date line.
  #unseen = 0;
  #atEnd = true; // As of the last scroll: asking the browser again would force a layout a message.
  #scrollQueued = false;

  constructor(log, empty, jump) {
    this.#log = log;
    this.#empty = empty;
    this.#jump = jump;
    log.addEventListener('scroll', () => {
      this.#atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < kNearEndPx;
      if (this.#atEnd) this.#showUnseen(0);
    });
    jump.addEventListener('click', () => this.scrollToEnd());
    // The keyboard of a phone or a growing composer must not hide the newest message.
    new ResizeObserver(() => this.#atEnd && this.scrollToEnd()).observe(log);
  }

  /** The lines shown, as they came. */
  get lines() {
    return this.#messages.map((message) => message.line);
  }

  reset(self) {
    this.#self = self;
    this.#messages = [];
    this.#log.replaceChildren();
    this.#breakGroup();
    this.#lastDay = null;
    this.#showUnseen(0);
    this.#empty.hidden = true;
  }

  /** Nothing came of the first replay: the room is new. */
  showEmpty() {
    this.#empty.hidden = this.#log.childElementCount > 0;
  }

  add(line) {
    const message = parseLine(line) ?? { time: new Date(), text: line, sender: null };
    const own = message.sender === this.#self;
    this.#dateLine(message.time);
    if (!sameGroup(this.#last, message)) this.#startGroup(message, own);
    const bubble = element('div', 'bubble', message.text);
    bubble.dir = 'auto';
    bubble.title = kFullTime.format(message.time);
    this.#lastGroup.querySelector('.stack').append(bubble);
    this.#messages.push({ line, node: bubble, group: this.#lastGroup });
    this.#last = message;
    this.#empty.hidden = true;
    this.#trim();
    this.#follow(own);
  }

  /** A thin line of the page's own: "messages may be missing here". */
  addNote(text) {
    this.#breakGroup();
    this.#append(element('li', 'note', text));
  }

  /** A message of ours that the room has not confirmed; it stays below all others. */
  addPending(text) {
    const node = element('li', 'group own pending');
    const stack = element('div', 'stack');
    const bubble = element('div', 'bubble', text);
    bubble.dir = 'auto';
    stack.append(bubble, element('div', 'receipt', 'Sending…'));
    node.append(stack);
    this.#log.append(node);
    this.#empty.hidden = true;
    this.#follow(true);
    return node;
  }

  failPending(node, sendAgain) {
    node.classList.add('failed');
    const receipt = node.querySelector('.receipt');
    const button = (label, action) => {
      const result = element('button', 'quiet small', label);
      result.type = 'button';
      result.addEventListener('click', action);
      return result;
    };
    receipt.replaceChildren(
      'Not delivered ',
      button('Send again', () => sendAgain() && node.remove()),
      button('Discard', () => node.remove()),
    );
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#atEnd = true;
    this.#showUnseen(0);
  }

  // Before the pending ones, which are always last.
  #append(node) {
    this.#log.insertBefore(node, this.#log.querySelector(':scope > .pending'));
  }

  #dateLine(time) {
    if (this.#lastDay !== null && sameDay(this.#lastDay, time)) return;
    this.#lastDay = time;
    this.#breakGroup();
    const now = new Date();
    const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
    const label = sameDay(time, now)
      ? 'Today'
      : sameDay(time, yesterday)
        ? 'Yesterday'
        : kDay.format(time);
    this.#append(element('li', 'day', label));
  }

  #startGroup(message, own) {
    const group = element('li', own ? 'group own' : 'group');
    const stack = element('div', 'stack');
    const byline = element('div', 'byline');
    if (message.sender === null) {
      byline.append(element('span', 'name', 'Server'));
    } else {
      const { name, shortId, hue } = persona(message.sender);
      group.classList.add(`hue-${hue}`);
      group.title = `id ${message.sender}`;
      if (!own) group.append(avatar(message.sender));
      byline.append(element('span', 'name', own ? 'You' : name));
      if (!own) byline.append(element('span', 'short-id', shortId));
    }
    const time = element('time', '', kClock.format(message.time));
    time.dateTime = message.time.toISOString();
    byline.append(time);
    stack.append(byline);
    group.append(stack);
    this.#append(group);
    this.#lastGroup = group;
  }

  #breakGroup() {
    this.#last = null;
    this.#lastGroup = null;
  }

  #trim() {
    while (this.#messages.length > kMessagesMax) {
      const { node, group } = this.#messages.shift();
      node.remove();
      if (group.querySelector('.bubble') === null) group.remove();
    }
    // A date or note whose messages are all gone.
    for (let first = this.#log.firstElementChild; ; first = this.#log.firstElementChild) {
      if (!first?.nextElementSibling?.matches('.day')) break;
      first.remove();
    }
  }

  // One layout a frame, however many messages arrive in it. Who reads older lines is not disturbed.
  #follow(always) {
    if (!always && !this.#atEnd) {
      this.#showUnseen(this.#unseen + 1);
      return;
    }
    this.#atEnd = true;
    if (this.#scrollQueued) return;
    this.#scrollQueued = true;
    requestAnimationFrame(() => {
      this.#scrollQueued = false;
      this.scrollToEnd();
    });
  }

  #showUnseen(count) {
    this.#unseen = count;
    this.#jump.hidden = count === 0;
    this.#jump.textContent = count === 1 ? '1 new message' : `${count} new messages`;
  }
}
