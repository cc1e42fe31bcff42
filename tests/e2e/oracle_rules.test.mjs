// SPDX-License-Identifier: Apache-2.0
// The recovery oracle can fail: each thing that must not happen, done to a record that is in order,
// is found. Without a server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { planOf } from './support/crowd.mjs';
import { randomOf, violations } from './support/oracle.mjs';

const kEpoch = 'e';

const subscribed = (offset, recovery = {}) => ({
  position: { epoch: kEpoch, offset },
  wasRecovering: false,
  recovered: false,
  ...recovery,
});
const recovered = (offset) => subscribed(offset, { wasRecovering: true, recovered: true });
const lost = (offset) => subscribed(offset, { wasRecovering: true });
const saw = (number) => ({ offset: number * 10, id: `p${number}` });

/** Ann says p1 to p5, edits p1 (p6) and deletes it (p7); Bob is cut after p3 and comes back. */
function good() {
  const post = (data) => ({ client: 'ann', room: 'lobby', data, outcome: 'acked' });
  const posts = new Map();
  for (let n = 1; n <= 5; n += 1) {
    posts.set(`p${n}`, post({ kind: 'message', id: `p${n}`, text: `text ${n}.` }));
  }
  posts.set('p6', post({ kind: 'edit', id: 'p6', target: 10, text: 'text 6.' }));
  posts.set('p7', post({ kind: 'delete', id: 'p7', target: 10 }));
  const publications = [...posts].map(([id, { data }], index) => ({
    offset: (index + 1) * 10,
    data: id === 'p1' || id === 'p6' ? { kind: 'gone' } : data,
  }));
  const order = publications.map(({ offset, data }) => ({ offset, id: data.id }));
  const all = [1, 2, 3, 4, 5, 6, 7].map(saw);
  return {
    kept: 100,
    rooms: new Map([['lobby', { epoch: kEpoch, order }]]),
    members: [
      { client: 'ann', room: 'lobby', events: [subscribed(0), ...all] },
      {
        client: 'bob',
        room: 'lobby',
        events: [subscribed(0), ...all.slice(0, 3), recovered(50), ...all.slice(3)],
      },
    ],
    posts,
    history: [{ room: 'lobby', publications }],
  };
}

/** What is found after `change` was done to the good record and to Bob's events. */
function found(change) {
  const run = good();
  change(run, run.members[1].events);
  return violations(run).join('\n');
}

const finds = (name, pattern, change) =>
  test(`finds ${name}`, () => assert.match(found(change), pattern));

test('a good record is good', () => assert.equal(found(() => {}), ''));

finds('a lost publication', /^bob in lobby: missing 1 \(20 p2\) before 30 p3$/, (run, events) =>
  events.splice(2, 1),
);
finds('one lost over the cut', /^bob in lobby: missing 1 \(40 p4\)/, (run, events) =>
  events.splice(5, 1),
);
finds('one lost at the end', /^bob in lobby: missing at the end 1 \(70 p7\)$/, (run, events) =>
  events.pop(),
);
finds('a doubled publication', /^bob in lobby: twice or late: 1 \(20 p2\)$/, (run, events) =>
  events.splice(3, 0, saw(2)),
);
finds('one doubled over the cut', /^bob in lobby: twice or late: 1 \(30 p3\)$/, (run, events) =>
  events.splice(5, 0, saw(3)),
);
finds('two that were swapped', /missing 1 \(20 p2\).*\n.*late: 1 \(20 p2\)/, (run, events) =>
  events.splice(2, 2, saw(3), saw(2)),
);
finds('a foreign publication', /not the room's: 35 p9/, (run, events) =>
  events.splice(5, 0, { offset: 35, id: 'p9' }),
);
finds('another text at an offset', /at 40 stands p4, it saw p5/, (run, events) =>
  events.splice(5, 1, { offset: 40, id: 'p5' }),
);
finds('a needless recovered: false', /false, though.*2 \(40 p4, 50 p5\)/, (run, events) =>
  events.splice(4, 3, lost(50)),
);
finds('a silent loss', /missing 2 \(40 p4, 50 p5\)/, (run, events) => {
  run.kept = 1;
  run.history = [];
  events.splice(4, 3, recovered(50));
});
finds('a position that a member was past', /position of the past/, (run, events) =>
  events.splice(4, 1, lost(20)),
);
finds('a return without recovery', /recovery was not tried/, (run, events) =>
  events.splice(4, 1, subscribed(50)),
);
finds('another epoch', /epoch f is not/, (run, events) => (events[4].position.epoch = 'f'));
finds('an acknowledged post that nobody has', /6 entries, 7 ack.*not found: p5/, (run, events) => {
  run.rooms.get('lobby').order.splice(4, 1);
  run.history[0].publications.splice(4, 1);
  for (const member of run.members) member.events = member.events.filter(({ id }) => id !== 'p5');
});
finds('a repetition that was published again', /p5 was published more than once/, (run) => {
  run.rooms.get('lobby').order.push({ offset: 80, id: 'p5' });
});
finds('a refused post that stands', /was refused \(404\) and stands at lobby 50/, (run) => {
  run.posts.get('p5').outcome = 404;
});
finds('a refusal without a reason', /p8 had no good end: 404/, (run) => {
  const data = { kind: 'edit', id: 'p8', target: 20, text: 'x' };
  run.posts.set('p8', { client: 'ann', room: 'lobby', data, outcome: 404 });
});
finds('a deleted message that is still there', /lobby 10: deleted, still there/, (run) => {
  run.history[0].publications[0].data = { kind: 'message', id: 'p1', text: 'x' };
});
finds('the text of a deleted message', /still holds “text 1.”/, (run) => {
  run.history[0].publications[4].data = { kind: 'message', id: 'p5', quote: 'text 1.' };
});
finds('the text of an edit of it', /still holds “text 6.”/, (run) => {
  run.history[0].publications[4].data = { kind: 'message', id: 'p5', quote: 'text 6.' };
});
finds('a message that is gone though nobody deleted it', /lobby 20: gone, nobody asked/, (run) => {
  run.history[0].publications[1].data = { kind: 'gone' };
});

test('a loss that was told, and was one, is none', () => {
  const told = found((run, events) => {
    run.kept = 1;
    run.history = [];
    events.splice(4, 3, lost(50));
  });
  assert.equal(told, '');
});

/** Bob and Ann saw p8 and p9 in an epoch before; the rest was said in the one that followed. */
function foundAfterLoss(change) {
  const run = good();
  const before = [saw(-9), saw(-8)].map((entry, index) => ({ ...entry, id: `p${8 + index}` }));
  run.rooms.get('lobby').lost = [{ epoch: 'd', order: before }];
  for (const id of ['p8', 'p9', 'p10']) {
    const data = { kind: 'message', id, text: `text ${id}.` };
    run.posts.set(id, { client: 'ann', room: 'lobby', epoch: 'd', data, outcome: 'acked' });
  }
  const first = { ...subscribed(-100), position: { epoch: 'd', offset: -100 } };
  for (const { events } of run.members) events.splice(0, 1, first, ...before, lost(0));
  change(run, run.members[1].events);
  return violations(run).join('\n');
}

test('an epoch that was lost, and all were told, is no violation', () => {
  assert.equal(foundAfterLoss(() => {}), '');
  assert.equal(foundAfterLoss((run, events) => events.splice(2, 1)), '', 'its end may be missed');
  const aboutLost = foundAfterLoss((run) => {
    const data = { kind: 'edit', id: 'p11', target: -80, text: 'x' };
    run.posts.set('p11', { client: 'ann', room: 'lobby', epoch: kEpoch, data, outcome: 404 });
  });
  assert.equal(aboutLost, '');
});

const findsAfterLoss = (name, pattern, change) =>
  test(`finds, after a loss, ${name}`, () => assert.match(foundAfterLoss(change), pattern));

findsAfterLoss('who was not told', /^bob in lobby: recovered: true, in ano/, (run, events) => {
  events[3] = recovered(0);
});
findsAfterLoss('who stayed behind', /^bob in lobby: is still in the lost epoch d/, (run, events) =>
  events.splice(3),
);
findsAfterLoss('who went back', /^bob in lobby: epoch d is not the room's/, (run, events) =>
  events.splice(6, 1, { ...lost(0), position: { epoch: 'd', offset: -90 } }),
);
findsAfterLoss('a gap before it', /missing 1 \(-90 p8\) before -80 p9/, (run, events) =>
  events.splice(1, 1),
);
findsAfterLoss('a refusal without a reason', /p11 had no good end: 404/, (run) => {
  const data = { kind: 'edit', id: 'p11', target: 20, text: 'x' };
  run.posts.set('p11', { client: 'ann', room: 'lobby', epoch: 'd', data, outcome: 404 });
});
findsAfterLoss('what was said after it and is not there', /8 ack.*not found: p8/, (run) => {
  run.posts.get('p8').epoch = kEpoch;
});

/** The same, but p8 was kept, and what was lost was a delete of it. */
function foundAfterPart(change) {
  return foundAfterLoss((run) => {
    const { order, lost } = run.rooms.get('lobby');
    order.unshift(lost[0].order[0]);
    const data = { kind: 'delete', id: 'p9', target: -90 };
    Object.assign(run.posts.get('p9'), { data });
    run.history[0].publications.unshift({ offset: -90, data: run.posts.get('p8').data });
    change(run);
  });
}

test('what an epoch has kept of the one before is no violation', () => {
  assert.equal(foundAfterPart(() => {}), '');
});
test('finds a delete that was kept and deleted nothing', () => {
  const undone = foundAfterPart((run) => {
    const { order, lost } = run.rooms.get('lobby');
    order.splice(1, 0, lost[0].order[1]);
  });
  assert.match(undone, /lobby -90: deleted, still there/);
});
findsAfterLoss('what must not be', /7 entries, 10 ack.*not found: p8,p9,p10/, (run) => {
  run.durable = true;
});

test('where an epoch may have forked, what was told is no violation', () => {
  const forked = (change) =>
    foundAfterLoss((run, events) => {
      run.forked = true;
      change(events);
    });
  const at = (offset, recovery) => ({ ...recovery, position: { epoch: 'd', offset } });
  const aside = (events) => events.splice(1, 1); // p8 was of the other branch
  assert.equal(forked(aside), '');
  const back = (events) => events.splice(4, 0, at(-80, lost(0)), lost(0));
  assert.equal(forked(back), '');
  assert.match(
    forked((events) => events.splice(3)),
    /bob in lobby: is still in the lost epoch d/,
  );
  assert.match(
    forked((events) => events.splice(4, 1)),
    /bob in lobby: missing 1 \(10 gone\)/,
  );
  assert.match(
    forked((events) => events.splice(2, 0, saw(-9))),
    /twice or late/,
  );
});

test('what was gone before anybody saw it is no violation after a loss', () => {
  const hidden = (loss) => {
    const run = good();
    const gone = { offset: 5, data: { kind: 'gone' } };
    const { order } = run.rooms.get('lobby');
    order.unshift({ offset: 5, id: undefined });
    run.history[0].publications.unshift(gone);
    run.rooms.get('lobby').lost = loss ? [{ epoch: 'd', order: [saw(-1)] }] : [];
    for (const { events } of run.members) events.splice(0, 1, subscribed(7));
    const data = { kind: 'edit', id: 'p8', target: 10, text: 'text 8.' };
    run.posts.set('p8', { client: 'ann', room: 'lobby', epoch: 'd', data, outcome: 'acked' });
    return violations(run).join('\n');
  };
  assert.equal(hidden(true), '');
  assert.match(hidden(false), /gone, nobody asked/);
});

test('finds a loss for nothing', () => {
  const found = foundAfterLoss((run) => {
    const { order, lost } = run.rooms.get('lobby');
    order.unshift(...lost[0].order);
    run.posts.delete('p10');
  });
  assert.match(found, /lobby: the epoch d ended, and nothing of it is missing/);
});

test('the seed alone decides the plan', () => {
  const options = { clients: 9, rooms: 3, seconds: 5, rate: 20, steady: 2 };
  const plan = planOf(randomOf(7), options);
  assert.deepEqual(planOf(randomOf(7), options), plan);
  assert.notDeepEqual(planOf(randomOf(8), options).steps, plan.steps);
  const acts = new Set(plan.steps.map(({ act }) => act));
  for (const act of ['message', 'edit', 'delete', 'react', 'cut']) assert.ok(acts.has(act), act);
  for (const { act, person } of plan.steps) assert.ok(act !== 'cut' || person >= 2);
});
