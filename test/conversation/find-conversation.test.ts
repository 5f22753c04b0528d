import { describe, expect, it } from 'vitest';

import { PRINCIPAL } from '../support/call-rig.ts';
import { IDLE_MS, createSharedRig, settled } from './sharing-rig.ts';

const CALL = 'the-call';
const UNAVAILABLE = { code: 'ERR_STORE_UNAVAILABLE' };

async function openTwo(options: Parameters<ReturnType<typeof createSharedRig>['replica']>[1] = {}) {
  const rig = createSharedRig();
  const [one, other] = await Promise.all([
    rig.replica('one', options),
    rig.replica('other', options),
  ]);
  return { ...rig, one, other };
}

describe('a conversation that is shared', () => {
  it('is asked for once while its RPCs stay with this process', async () => {
    const { one } = await openTwo();
    const first = await one.open(CALL, { isStart: true });
    expect(one.finder.find(PRINCIPAL, one.messageOf(CALL, false))).toBeUndefined();
    first.leave?.();
    await settled();
    expect(one.faults.asked).toEqual(['claim', 'release']);
    expect(one.directory.size()).toBe(0);
  });

  it('goes on at another replica with everything that it noted down', async () => {
    const { clock, one, other } = await openTwo();
    const { conversation, leave } = await one.open(CALL, { isStart: true });
    if (conversation === undefined) throw new Error('not here');
    conversation.call.state['name'] = 'Ada';
    conversation.call.language = 'en-GB';
    conversation.turns = 3;
    conversation.failures = 1;
    conversation.interrupted = { heardMs: 400, heardText: 'Good' };
    conversation.listen = { mode: 'digits', sensitive: true };
    conversation.transcript = 'so far';
    conversation.playback.sent(new Uint8Array(8_000), 'none');
    leave?.();
    await settled();
    clock.advance(500);
    const next = await other.open(CALL);
    expect(next.conversation).toMatchObject({
      turns: 3,
      failures: 1,
      hasStarted: true,
      startedAtMs: conversation.startedAtMs,
      interrupted: { heardMs: 400, heardText: 'Good' },
      listen: { mode: 'digits', sensitive: true },
      transcript: 'so far',
      call: { state: { name: 'Ada' }, language: 'en-GB' },
    });
    expect(next.conversation?.isClosedTo('speech')).toBe(true);
    clock.advance(501);
    expect(next.conversation?.isClosedTo('speech')).toBe(false);
    expect(await other.claims('restored')).toBe(1);
  });

  it('belongs to the replica that has an RPC of it, which takes the others’', async () => {
    const { one, other } = await openTwo();
    await one.open(CALL, { isStart: true });
    const second = await other.open(CALL);
    expect(second.owner).toEqual({ replicaId: 'one', address: 'one.test:1' });
    const forwarded = await one.open(CALL, { isForwarded: true });
    expect(forwarded.conversation?.openTurns.size).toBe(2);
    await expect(other.open(CALL, { isForwarded: true })).rejects.toMatchObject({
      code: 'ERR_CONVERSATION_ELSEWHERE',
    });
  });

  it('is claimed once for two RPCs that come at once', async () => {
    const { one } = await openTwo();
    const [first, second] = await Promise.all([one.open(CALL, { isStart: true }), one.open(CALL)]);
    expect(first.conversation).toBeDefined();
    expect(second.conversation).toBe(first.conversation);
    expect(one.faults.asked).toEqual(['claim']);
  });

  it('is waited for by an RPC that comes while it is being given back', async () => {
    const { one } = await openTwo();
    const { leave, conversation } = await one.open(CALL, { isStart: true });
    let letThrough = (): void => undefined;
    one.faults.gate = new Promise((resolve) => {
      letThrough = resolve;
    });
    leave?.();
    await settled();
    const next = one.open(CALL);
    await settled();
    expect(one.faults.asked).toEqual(['claim', 'release']);
    letThrough();
    expect((await next).conversation).toBe(conversation);
  });

  it('is given back when the RPC that asked for it does not come in', async () => {
    const { one, other } = await openTwo({ maxConversations: 0 });
    await expect(one.open(CALL, { isStart: true })).rejects.toMatchObject({
      code: 'ERR_CONVERSATION_CAPACITY',
    });
    await settled();
    expect(one.faults.asked).toEqual(['claim', 'release']);
    await expect(other.open(CALL)).rejects.toMatchObject({ code: 'ERR_CONVERSATION_CAPACITY' });
  });

  it('is given back when the RPC that restored it is gone meanwhile', async () => {
    const { one, other } = await openTwo();
    (await one.open(CALL, { isStart: true })).leave?.();
    await settled();
    const where = await other.finder.find(PRINCIPAL, other.messageOf(CALL, false));
    expect(other.directory.size()).toBe(1);
    if (where?.type === 'here') where.settle();
    await settled();
    expect(other.directory.size()).toBe(0);
    expect((await one.open(CALL)).conversation).toBeDefined();
  });

  it('is never refused for want of room once it was let in', async () => {
    const rig = createSharedRig();
    const one = await rig.replica('one');
    const full = await rig.replica('full', { maxConversations: 1 });
    await full.open('another', { isStart: true });
    (await one.open(CALL, { isStart: true })).leave?.();
    await settled();
    expect((await full.open(CALL)).conversation).toBeDefined();
    await expect(full.open('a third', { isStart: true })).rejects.toMatchObject({
      code: 'ERR_CONVERSATION_CAPACITY',
    });
  });

  it('gets the bot that has replaced its own meanwhile, and keeps its state', async () => {
    const { one } = await openTwo();
    const first = await one.open(CALL, { isStart: true });
    if (first.conversation !== undefined) first.conversation.call.state['kept'] = true;
    first.leave?.();
    await settled();
    one.reload({ name: 'newer' });
    const next = await one.open(CALL);
    expect(next.conversation?.bot.name).toBe('newer');
    expect(next.conversation?.call.state).toEqual({ kept: true });
  });

  it('is dropped by an owner that finds that another replica has taken it', async () => {
    const left: string[] = [];
    const { one, other } = await openTwo({
      bot: { keepsCalls: true, leave: ({ conversationId }) => void left.push(conversationId) },
    });
    const { leave } = await one.open(CALL, { isStart: true });
    const still = await one.open(CALL);
    const dead = { replicaId: 'one', address: 'one.test:1' };
    const where = await other.finder.find(PRINCIPAL, other.messageOf(CALL, false), dead);
    expect(where?.type).toBe('here');
    leave?.();
    await settled();
    expect(one.directory.size()).toBe(0);
    expect(still.fates).toEqual(['ended']);
    expect(left).toEqual([CALL]);
    expect(one.log.events()).toContain('conversation.lost');
    expect(one.log.events()).not.toContain('call.ended');
    expect((await one.metrics.conversationsLost.get()).values[0]?.value).toBe(1);
  });

  it('is kept between turns by a bot that keeps its calls, and saved after each', async () => {
    const { clock, one, other } = await openTwo({ bot: { keepsCalls: true } });
    const { leave } = await one.open(CALL, { isStart: true });
    leave?.();
    await settled();
    expect(one.faults.asked).toEqual(['claim', 'save']);
    expect(one.directory.size()).toBe(1);
    expect((await other.open(CALL)).owner?.replicaId).toBe('one');
    one.leases.drain();
    await settled();
    expect(one.directory.size()).toBe(0);
    clock.advance(1);
    expect((await other.open(CALL)).conversation?.hasStarted).toBe(true);
  });

  it('is saved now and then while one RPC goes on for long, so that the store keeps it', async () => {
    const { clock, one } = await openTwo();
    const { conversation } = await one.open(CALL, { isStart: true });
    for (let minute = 0; minute < 6; minute += 1) {
      clock.advance(60_000);
      if (conversation !== undefined) conversation.lastSeenMs = clock.now();
      await settled();
    }
    expect(one.faults.asked).toEqual(['claim', 'save']);
  });

  it('ends at the replica that had it last when nobody comes back', async () => {
    const ends: string[] = [];
    const bot = (replica: string) => ({
      end: (_call: unknown, reason: string) => void ends.push(`${replica} end ${reason}`),
      leave: () => void ends.push(`${replica} leave`),
    });
    const rig = createSharedRig();
    const one = await rig.replica('one', { bot: bot('one') });
    const other = await rig.replica('other', { bot: bot('other') });
    (await one.open(CALL, { isStart: true })).leave?.();
    await settled();
    rig.clock.advance(1_000);
    (await other.open(CALL)).leave?.();
    await settled();
    rig.clock.advance(IDLE_MS);
    await settled();
    rig.clock.advance(1_000);
    await settled();
    expect(ends.sort()).toEqual(['one leave', 'other end idle']);
    expect(other.log.events()).toContain('call.ended');
    expect((await one.open(CALL)).conversation).toBeUndefined();
  });
});

describe('while the conversation store is away', () => {
  it('a replica answers with what it knows, says so once, and tells the store afterwards', async () => {
    const { clock, one, other } = await openTwo();
    const first = await one.open(CALL, { isStart: true });
    one.faults.isAway = true;
    if (first.conversation !== undefined) first.conversation.turns = 5;
    first.leave?.();
    await settled();
    clock.advance(10);
    const again = await one.open(CALL);
    expect(again.conversation).toBe(first.conversation);
    const unknown = await one.open('unknown');
    expect(unknown.conversation?.hasStarted).toBe(false);
    again.leave?.();
    unknown.leave?.();
    await settled();
    const degraded = one.log.events().filter((name) => name === 'conversation.store.degraded');
    expect(degraded).toHaveLength(1);
    expect((await one.metrics.conversationStoreDegraded.get()).values[0]?.value).toBe(1);
    expect((await other.open(CALL)).owner?.replicaId).toBe('one');

    one.faults.isAway = false;
    clock.advance(1_000);
    await settled();
    expect(one.log.events()).toContain('conversation.store.recovered');
    expect((await one.metrics.conversationStoreDegraded.get()).values[0]?.value).toBe(0);
    expect((await other.open(CALL)).conversation?.turns).toBe(5);
  });

  it('an owner that has let go of a call, and could not say so, still takes what peers send', async () => {
    const { one, other } = await openTwo();
    const first = await one.open(CALL, { isStart: true });
    one.faults.isAway = true;
    first.leave?.();
    await settled();
    expect((await other.open(CALL)).owner?.replicaId).toBe('one');
    const forwarded = await one.open(CALL, { isForwarded: true });
    expect(forwarded.conversation).toBe(first.conversation);
  });

  it('a replica that must not guess refuses what it does not hold', async () => {
    const { one } = await openTwo({ onStoreFailure: 'refuse' });
    const held = await one.open(CALL, { isStart: true });
    one.faults.isAway = true;
    await expect(one.open('unknown')).rejects.toMatchObject(UNAVAILABLE);
    expect((await one.open(CALL)).conversation).toBe(held.conversation);
    expect(await one.claims('failed')).toBe(1);
  });

  it('the end of a call is remembered, and told when the store is back', async () => {
    const { clock, one, other } = await openTwo();
    const { conversation, leave } = await one.open(CALL, { isStart: true });
    if (conversation === undefined) throw new Error('not here');
    one.faults.isAway = true;
    one.directory.end(conversation, 'caller');
    leave?.();
    await settled();
    one.faults.isAway = false;
    clock.advance(1_000);
    await settled();
    expect((await other.open(CALL)).conversation).toBeUndefined();
    expect(await other.claims('ended')).toBe(1);
  });
});

describe('a conversation store that has lost its memory', () => {
  it('hears from everybody what he has, and what he had last', async () => {
    const { clock, forget, one, other } = await openTwo();
    const held = await one.open('held', { isStart: true });
    const parked = await one.open(CALL, { isStart: true });
    if (parked.conversation !== undefined) parked.conversation.turns = 7;
    parked.leave?.();
    await settled();
    forget();
    for (const { faults } of [one, other]) faults.memory = 'second';
    clock.advance(1_000);
    await settled();
    expect((await other.open('held')).owner?.replicaId).toBe('one');
    expect((await other.open(CALL)).conversation?.turns).toBe(7);
    expect(held.fates).toEqual([]);
    expect(one.log.events()).not.toContain('conversation.lost');
  });

  it('is asked again for a while about what it does not know', async () => {
    const { clock, one } = await openTwo();
    one.faults.isUnsure = true;
    let isOpen = false;
    const opened = one.open(CALL).then(() => (isOpen = true));
    for (let waits = 0; waits < 3; waits += 1) {
      await settled();
      clock.advance(200);
    }
    expect(isOpen).toBe(false);
    one.faults.isUnsure = false;
    await settled();
    clock.advance(200);
    await opened;
    expect(await one.claims('ours')).toBe(1);
  });
});
