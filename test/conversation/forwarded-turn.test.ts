import { describe, expect, it } from 'vitest';

import { ForwardedTurn } from '../../src/conversation/forwarded-turn.ts';
import type { RelayEnd, RelayListener, RelayStream } from '../../src/conversation/relay.ts';
import type { GatewayError } from '../../src/core/gateway-error.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const bytes = (text: string): Buffer => Buffer.from(text);

function forward() {
  const did: string[] = [];
  const forwarded: string[] = [];
  const refusals: { refusal: string; brought: string[] }[] = [];
  const overs: string[] = [];
  let hasRoomThere = true;
  let hasRoomHere = true;
  let drain = (): void => undefined;
  let listener: RelayListener | undefined;
  let end: 'ok' | GatewayError | undefined;
  let opened = (_stream: RelayStream): void => undefined;
  const opening = new Promise<RelayStream>((resolve) => {
    opened = resolve;
  });
  const stream: RelayStream = {
    send(sent) {
      did.push(`send ${sent.toString()}`);
      return hasRoomThere;
    },
    halfClose: () => void did.push('half-close'),
    cancel: () => void did.push('cancel'),
    pause: () => void did.push('pause'),
    resume: () => void did.push('resume'),
  };
  const turn = new ForwardedTurn({
    open(hears) {
      listener = hears;
      return opening;
    },
    sink: {
      forward(message) {
        forwarded.push(message.toString());
        return hasRoomHere;
      },
      ready: () => new Promise((resolve) => void (drain = resolve)),
      complete: () => void (end = 'ok'),
      fail: (error) => void (end = error as GatewayError),
    },
    onRefused: (refusal, brought) =>
      void refusals.push({ refusal, brought: brought.map((one) => one.toString()) }),
    onOver: (status) => void overs.push(status),
  });
  return {
    turn,
    did,
    forwarded,
    refusals,
    overs,
    end: () => end,
    open: () => opened(stream),
    hear: () => {
      if (listener === undefined) throw new Error('it was not opened');
      return listener;
    },
    over: (status: string, parts: Partial<RelayEnd> = {}) =>
      listener?.relayEnded({ status, hasBegun: true, details: '', ...parts }),
    fill: (where: 'here' | 'there') => {
      if (where === 'here') hasRoomHere = false;
      else hasRoomThere = false;
    },
    drain: () => drain(),
  };
}

describe('an RPC that another replica answers', () => {
  it('passes both ways as it is, and ends as it ends there', async () => {
    const { turn, did, forwarded, end, open, hear, over, overs } = forward();
    const waits = turn.message(bytes('one'));
    expect(waits).toBeInstanceOf(Promise);
    turn.halfClose();
    expect(did).toEqual([]);
    open();
    await waits;
    expect(did).toEqual(['send one', 'half-close']);
    hear().relayed(bytes('answer'));
    over('OK');
    expect(forwarded).toEqual(['answer']);
    expect(end()).toBe('ok');
    expect(overs).toEqual(['OK']);
  });

  it('waits for room on either side', async () => {
    const { turn, did, open, hear, fill, drain } = forward();
    open();
    await tick();
    fill('there');
    let hasRoom = false;
    const waits = Promise.resolve(turn.message(bytes('one'))).then(() => (hasRoom = true));
    await tick();
    expect(hasRoom).toBe(false);
    hear().relayDrained();
    await waits;
    fill('here');
    hear().relayed(bytes('answer'));
    expect(did.at(-1)).toBe('pause');
    drain();
    await tick();
    expect(did.at(-1)).toBe('resume');
  });

  it('is gone there as soon as it is gone here', async () => {
    const late = forward();
    late.turn.closed();
    late.open();
    await tick();
    expect(late.did).toEqual(['cancel']);
    const { turn, did, open, hear, forwarded, overs } = forward();
    open();
    await tick();
    turn.closed();
    hear().relayed(bytes('late'));
    expect(did).toEqual(['cancel']);
    expect(forwarded).toEqual([]);
    expect(overs).toEqual(['CANCELLED']);
  });

  it.each([
    ['unreachable', { hasBegun: false }],
    ['elsewhere', { details: 'ERR_CONVERSATION_ELSEWHERE: this replica does not have it' }],
    ['elsewhere', { details: 'ERR_TRANSPORT_DRAINING: the gateway is shutting down' }],
  ] as const)('may be tried again with all it has brought: %s', async (refusal, parts) => {
    const { turn, open, over, refusals, end, overs } = forward();
    void turn.message(bytes('one'));
    open();
    await tick();
    void turn.message(bytes('two'));
    over('UNAVAILABLE', parts);
    expect(refusals).toEqual([{ refusal, brought: ['one', 'two'] }]);
    expect(end()).toBeUndefined();
    expect(overs).toEqual(['refused']);
  });

  it('is not tried again once it was answered, or has brought more than is kept', async () => {
    const answered = forward();
    answered.open();
    await tick();
    answered.hear().relayed(bytes('answer'));
    answered.over('UNAVAILABLE', { details: 'ERR_CONVERSATION_ELSEWHERE: moved' });
    expect(answered.end()).toMatchObject({ code: 'ERR_CONVERSATION_OWNER_LOST' });
    const long = forward();
    long.open();
    await tick();
    for (let sent = 0; sent < 9; sent += 1) void long.turn.message(Buffer.alloc(8 * 1024));
    long.over('UNAVAILABLE', { details: 'ERR_CONVERSATION_ELSEWHERE: moved' });
    expect(long.end()).toMatchObject({ code: 'ERR_CONVERSATION_OWNER_LOST' });
    expect(long.refusals).toEqual([]);
  });

  it('fails with what the owner refused the caller with, and never with a stranger’s words', async () => {
    const refused = forward();
    refused.open();
    await tick();
    refused.over('INVALID_ARGUMENT', {
      details: 'ERR_CONVERSATION_AGENT_CHANGED: the virtual agent changed',
    });
    expect(refused.end()).toMatchObject({
      code: 'ERR_CONVERSATION_AGENT_CHANGED',
      message: 'the virtual agent changed',
    });
    const broken = forward();
    broken.open();
    await tick();
    broken.over('UNAVAILABLE', { details: 'read ECONNRESET 10.0.0.1' });
    expect(broken.end()).toMatchObject({
      code: 'ERR_CONVERSATION_OWNER_LOST',
      message: 'the replica that has the call is gone',
      detail: { status: 'UNAVAILABLE' },
    });
  });
});
