import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import type { CallerAction } from '../../src/simulator/caller-script.ts';
import type { CallOptions } from '../../src/simulator/call-options.ts';
import type { CallResult } from '../../src/simulator/phone-call.ts';
import { vowel } from '../audio/sounds.ts';
import { storyOf } from '../support/call-story.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';

const speech = encodeMulaw(vowel(1_200));
/** Over a prompt, until some of it was heard. */
const aWhile: CallerAction = { type: 'silence', ms: 1_500, bargeIn: true };
/** Two words at least, and not all. */
const CUT_OFF = /^cut off "one, two(?!.*fourteen)/u;

/** One flow of protocol.md section 2.3, as the caller plays it and as it then looks on the wire. */
interface Flow {
  readonly title: string;
  readonly call: Partial<CallOptions>;
  readonly outcome: CallResult['outcome'];
  /** As in chunk playback; in WAV playback the answers are the same, without chunks. */
  readonly story: readonly string[];
  /** What the bot noted. */
  readonly notes: readonly (string | RegExp)[];
  /** Prompts that were cut. */
  readonly cuts?: number;
  /** Another agent than the one named after the playback. */
  readonly agentId?: string;
  /** It needs sound that comes before the answer is complete. */
  readonly isChunkOnly?: true;
}

const GREETED = 'start: chunk final';
const FIRST_KEY = 'audio first-key:';
const DIGITS = 'digits: chunk final';
const VOICE = 'audio: START_OF_INPUT END_OF_INPUT chunk final';
const HUNG_UP = ['audio: final', 'hang-up: final'];

/** @param holdMs Until the bot has got what the caller did; one who is fast waits long for machines that are not. */
const toFlows = (holdMs: number): readonly Flow[] => [
  {
    title: '[check 46] [check 74] F1 is greeted, and is still there',
    call: { script: [{ type: 'silence', ms: 300 }] },
    outcome: 'hung-up',
    story: [GREETED, ...HUNG_UP],
    notes: ['start', 'end caller'],
  },
  {
    title:
      '[check 91] [check 92] [check 93] F2 keys are over by length, by timer and by terminator',
    call: {
      script: ['12', '1', '1', '1#'].map((digits) => ({ type: 'press', digits })),
    },
    outcome: 'hung-up',
    story: [GREETED, ...[1, 2, 3, 4].flatMap(() => [FIRST_KEY, DIGITS]), ...HUNG_UP],
    notes: ['start', 'digits 12', 'digits 1', 'digits 1', 'digits 1', 'end caller'],
  },
  {
    title: '[check 97] F2 takes keys without any audio where only keys are asked for',
    call: {
      script: ['3#', '3#', '1#'].map((digits) => ({ type: 'press', digits })),
    },
    outcome: 'hung-up',
    story: [GREETED, FIRST_KEY, DIGITS, DIGITS, DIGITS, ...HUNG_UP],
    notes: ['start', 'digits 3', 'digits 3', 'digits 1', 'end caller'],
  },
  {
    title: '[check 52] [check 53] [check 54] [check 55] [check 56] F3 F4 speaks and is answered',
    call: { script: [{ type: 'speak', audio: speech }] },
    outcome: 'hung-up',
    story: [GREETED, VOICE, ...HUNG_UP],
    notes: ['start', 'speech', 'end caller'],
  },
  {
    title: '[check 58] [check 59] [check 60] F5 cuts in by key, cannot, and cuts in by speech',
    call: {
      sessionParameters: { long: true },
      script: [
        aWhile,
        { type: 'press', digits: '4#', bargeIn: true },
        { type: 'speak', audio: speech, bargeIn: true, inBackground: true },
        { type: 'speak', audio: speech },
        aWhile,
        { type: 'speak', audio: speech, bargeIn: true },
        aWhile,
        { type: 'press', digits: '1#', bargeIn: true },
      ],
    },
    outcome: 'hung-up',
    story: [GREETED, FIRST_KEY, DIGITS, VOICE, VOICE, FIRST_KEY, DIGITS, ...HUNG_UP],
    notes: [
      'start',
      'digits 4',
      CUT_OFF,
      'speech',
      'speech',
      CUT_OFF,
      'digits 1',
      CUT_OFF,
      'end caller',
    ],
    cuts: 3,
  },
  {
    title: '[check 66] F6 says nothing, and is asked again when the timer runs out',
    call: { script: [{ type: 'no-input' }] },
    outcome: 'hung-up',
    story: [GREETED, 'audio: final', 'no-input: chunk final', ...HUNG_UP],
    notes: ['start', 'no input', 'end caller'],
  },
  {
    title: '[check 61] [check 62] [check 75] F7 is handed to a human',
    call: { script: [{ type: 'press', digits: '0#' }] },
    outcome: 'transferred',
    story: [GREETED, FIRST_KEY, 'digits: chunk TRANSFER_TO_AGENT'],
    notes: ['start', 'digits 0', 'end transfer'],
  },
  {
    title: '[check 61] [check 63] [check 75] F8 is hung up on',
    call: { script: [{ type: 'press', digits: '9#' }] },
    outcome: 'ended-by-bot',
    story: [GREETED, FIRST_KEY, 'digits: chunk SESSION_END'],
    notes: ['start', 'digits 9', 'end bot'],
  },
  {
    title: '[check 64] F9 hangs up in an RPC of its own, over the greeting',
    call: {
      sessionParameters: { long: true },
      script: [{ type: 'hang-up', bargeIn: true }],
    },
    outcome: 'hung-up',
    story: [GREETED, ...HUNG_UP],
    notes: ['start', 'end caller'],
  },
  {
    title: '[check 65] F9 hangs up within the RPC that listens',
    call: {
      script: [
        { type: 'silence', ms: 300 },
        { type: 'hang-up', how: 'open-rpc' },
      ],
    },
    outcome: 'hung-up',
    story: [GREETED, 'audio hang-up: final'],
    notes: ['start', 'end caller'],
  },
  {
    title: '[check 65] F9 hangs up within the RPC, in the middle of a word',
    call: {
      script: [
        { type: 'speak', audio: speech, inBackground: true },
        { type: 'silence', ms: 800, atOnce: true },
        { type: 'hang-up', how: 'open-rpc', atOnce: true },
      ],
    },
    outcome: 'hung-up',
    story: [GREETED, 'audio hang-up: START_OF_INPUT final'],
    notes: ['start', 'end caller'],
  },
  {
    title: '[check 67] F10 the flow tells the bot something, and the bot the flow',
    call: {
      script: [
        { type: 'custom-event', name: 'price', parameters: { list: [1, null, { a: 'b' }] } },
      ],
    },
    outcome: 'hung-up',
    story: [GREETED, 'audio: final', 'custom-event: chunk CUSTOM_EVENT', ...HUNG_UP],
    notes: ['start', 'event price {"list":[1,null,{"a":"b"}]}', 'end caller'],
  },
  {
    title: '[check 70] F11 is apologised to when the bot fails, and the call goes on',
    call: { script: ['6#', '1#'].map((digits) => ({ type: 'press', digits })) },
    outcome: 'hung-up',
    story: [GREETED, FIRST_KEY, DIGITS, FIRST_KEY, DIGITS, ...HUNG_UP],
    notes: ['start', 'digits 6', 'digits 1', 'end caller'],
  },
  {
    title: '[check 71] F11 is apologised to when the bot takes too long, and the call goes on',
    agentId: 'hasty',
    call: { script: ['8#', '1#'].map((digits) => ({ type: 'press', digits })) },
    outcome: 'hung-up',
    story: [GREETED, FIRST_KEY, DIGITS, FIRST_KEY, DIGITS, ...HUNG_UP],
    notes: ['start', 'digits 8', 'stopped', 'digits 1', 'end caller'],
    isChunkOnly: true,
  },
  {
    title: '[check 69] F11 is gone while the bot thinks, which stops',
    call: {
      script: [
        { type: 'press', digits: '8#' },
        { type: 'silence', ms: holdMs, atOnce: true },
        { type: 'hang-up', how: 'drop', atOnce: true },
      ],
    },
    outcome: 'hung-up',
    story: [GREETED, FIRST_KEY, 'digits: CANCELLED'],
    notes: ['start', 'digits 8', 'stopped'],
  },
  {
    title: '[check 69] F11 is gone while the bot speaks, which stops',
    call: {
      script: [
        { type: 'press', digits: '7#' },
        { type: 'hang-up', how: 'drop', bargeIn: true },
      ],
    },
    outcome: 'hung-up',
    story: [GREETED, FIRST_KEY, 'digits: chunk CANCELLED', 'audio: CANCELLED'],
    notes: ['start', 'digits 7', 'stopped'],
    isChunkOnly: true,
  },
  {
    title: '[check 47] [check 69] [check 106] F11 loses its RPCs, and the call goes on',
    call: {
      script: [
        { type: 'press', digits: '8#' },
        { type: 'silence', ms: holdMs, atOnce: true },
        { type: 'cancel', atOnce: true },
        { type: 'press', digits: '1#' },
      ],
    },
    outcome: 'hung-up',
    story: [GREETED, FIRST_KEY, 'digits: CANCELLED', FIRST_KEY, DIGITS, ...HUNG_UP],
    notes: ['start', 'digits 8', 'stopped', 'digits 1', 'end caller'],
  },
];

const toCases = (holdMs: number) =>
  (['chunk', 'wav'] as const).flatMap((playback) =>
    toFlows(holdMs)
      .filter(({ isChunkOnly }) => playback === 'chunk' || isChunkOnly !== true)
      .map((flow) => ({
        ...flow,
        playback,
        name: `${flow.title} (${playback})`,
        wire:
          playback === 'chunk' ? flow.story : flow.story.map((line) => line.replace('chunk ', '')),
      })),
  );

const REAL_TIME = { speed: 1, holdMs: 500, digitsMs: 800, noInputMs: 1_500 };
// A second of the caller is 50 ms of the machine, which other programs want as well: what waits for nobody waits longer.
const FAST = { speed: 20, holdMs: 5_000, digitsMs: 4_000, noInputMs: 6_000 };

describe.each([FAST, REAL_TIME])('a caller at $speed x speed', (timing) => {
  const { speed } = timing;
  const cases = toCases(timing.holdMs);
  const agent = {
    bot: { use: './walkthrough.mjs' },
    speech: { completeTimeoutMs: 500, noInputTimeoutMs: timing.noInputMs },
    filler: { times: 0 },
    digits: { maxLength: 2, terminator: '#', interDigitTimeoutMs: timing.digitsMs },
  };
  const placed = new Map<string, Promise<CallResult>>();
  let rig: GatewayRig;
  const place = ({ playback, agentId = playback, call }: (typeof cases)[number]) =>
    rig.webex().placeCall({ organisationId: ORGANISATION, agentId, speed, ...call });
  beforeAll(async () => {
    rig = await startGatewayRig({
      speed,
      baseDir: 'test/bots',
      config: {
        agents: [
          { ...agent, id: 'chunk', name: 'Chunks', default: true },
          { ...agent, id: 'wav', name: 'WAV', playback: 'wav' },
          { ...agent, id: 'hasty', name: 'Hasty', answerTimeoutSeconds: 1 },
        ],
      },
    });
    // In real time everybody calls at once, or it would take minutes.
    if (speed === 1) for (const flow of cases) placed.set(flow.name, place(flow));
  });
  afterAll(() => rig.close());
  const notesOf = (conversationId: string): unknown[] =>
    rig.log.lines.flatMap(({ fields }) =>
      fields['event'] === 'walkthrough' && fields['conversation'] === conversationId
        ? [fields['what']]
        : [],
    );

  it.each(cases)('$name', { timeout: 40_000, retry: 2 }, async (flow) => {
    const { name, outcome, wire, notes, cuts = 0 } = flow;
    const result = await (placed.get(name) ?? place(flow));
    // A call that a busy machine has spoiled is placed again.
    placed.delete(name);
    expect([result.violations, result.failure]).toEqual([[], undefined]);
    expect(storyOf(result.events)).toEqual(wire);
    expect(result.outcome).toBe(outcome);
    await expect.poll(() => notesOf(result.conversationId)).toHaveLength(notes.length);
    expect(notesOf(result.conversationId)).toEqual(
      notes.map((note) => (typeof note === 'string' ? note : expect.stringMatching(note))),
    );
    expect(result.events.filter(({ type }) => type === 'playback-cut')).toHaveLength(cuts);
  });

  it('[check 98] [check 99] F12 an author of a flow sees the agents', async () => {
    const { status, agents, violations } = await rig.webex().listVirtualAgents(ORGANISATION);
    expect([status.code, violations]).toEqual([0, []]);
    expect(agents.map(({ id, isDefault }) => [id, isDefault])).toEqual([
      ['chunk', true],
      ['wav', false],
      ['hasty', false],
    ]);
  });
});
