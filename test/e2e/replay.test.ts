import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import type { CallResult } from '../../src/simulator/phone-call.ts';
import { vowel } from '../audio/sounds.ts';
import { createCanarySearch } from '../support/canaries.ts';
import { createCliStage } from '../support/cli-rig.ts';
import {
  type GatewayRig,
  ORGANISATION,
  OTHER_ORGANISATION,
  startGatewayRig,
} from '../support/gateway-rig.ts';

const SPEED = 4;
/** 375 ms of a machine that is busy with other tests. That replays are exact is shown in `recorder.test.ts`. */
const TOLERANCE = ['--tolerance', '1500'];
const word = encodeMulaw(vowel(1_000));
const cough = encodeMulaw(vowel(240));

const CANARIES = {
  digits: '80497361552',
  'secret digits': '31870946258',
  parameter: 'parameter-canary-of-the-flow',
  vendor: 'vendor-canary-of-control-hub',
  text: 'waterloo sunset four crowns',
  metadata: 'metadata-canary-of-the-bot',
  conversation: 'conversation-canary-of-the-call',
  transcript: 'transcript canary of the bot',
};

const BOT = `
export const bot = {
  name: 'recorded',
  create: () => ({
    name: 'recorded',
    async *answer(call, input) {
      const said = JSON.stringify([input, call.parameters, call.vendorConfig]);
      if (input.type === 'start') yield { type: 'say', text: 'One two three four five six seven eight nine ten. ' + '${CANARIES.text}' };
      else if (input.type === 'speech') yield { type: 'say', text: 'You spoke. One two three four five six seven eight nine ten eleven twelve.' };
      else if (input.type === 'custom-event') {
        yield { type: 'custom-event', name: '${CANARIES.text}', metadata: { said: '${CANARIES.metadata}' } };
        yield { type: 'listen', settings: { mode: 'digits', digits: { maxLength: 11 }, sensitive: true } };
        yield { type: 'say', text: 'Your number please.', bargeIn: false };
      } else if (input.type === 'digits' && input.sensitive) {
        yield { type: 'listen', settings: { mode: 'voice-and-digits', digits: { maxLength: 11 } } };
        yield { type: 'say', text: 'Thank you.' };
      } else if (input.type === 'digits' && input.digits.length > 2) {
        yield { type: 'listen', settings: { mode: 'voice-and-digits', digits: { maxLength: 1 } } };
        yield { type: 'say', text: said };
      } else if (input.type === 'digits') {
        yield { type: 'transcript', transcript: '${CANARIES.transcript}' };
        yield { type: 'transfer', name: 'sales', metadata: { said } };
        yield { type: 'say', text: 'One moment.' };
      }
    },
  }),
};
`;

describe('byova replay', () => {
  let rig: GatewayRig;
  let folder: string;
  let home: string;
  let result: CallResult;
  let name: string;
  let text: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'byova-'));
    folder = join(home, 'recordings');
    const bot = join(home, 'bot.mjs');
    await writeFile(bot, BOT);
    rig = await startGatewayRig({
      speed: SPEED,
      config: {
        recorder: { folder, organizations: [ORGANISATION] },
        agents: [
          {
            id: 'front-desk',
            default: true,
            bot: { use: bot },
            digits: { maxLength: 11, terminator: '#', interDigitTimeoutMs: 3_000 },
            speech: { completeTimeoutMs: 600 },
            bargeIn: { minSpeechMs: 500 },
          },
        ],
      },
    });
    const webex = rig.webex();
    // Not to be recorded; and a process that has just started is slow.
    await webex.placeCall({ organisationId: OTHER_ORGANISATION, speed: SPEED, script: [] });
    result = await webex.placeCall({
      organisationId: ORGANISATION,
      conversationId: CANARIES.conversation,
      vendorConfig: CANARIES.vendor,
      sessionParameters: { canary: CANARIES.parameter },
      speed: SPEED,
      script: [
        { type: 'silence', ms: 1_500, bargeIn: true },
        { type: 'speak', audio: word, bargeIn: true },
        { type: 'silence', ms: 1_000, bargeIn: true },
        { type: 'speak', audio: cough, bargeIn: true },
        // A key at the very end of a prompt interrupts it or does not, by a millisecond.
        { type: 'silence', ms: 1_000 },
        { type: 'press', digits: CANARIES.digits },
        { type: 'custom-event', name: 'ask' },
        { type: 'silence', ms: 1_000 },
        { type: 'press', digits: CANARIES['secret digits'] },
        { type: 'silence', ms: 1_000 },
        { type: 'press', digits: '5' },
      ],
    });
    await rig.gateway.close();
    const names = await readdir(folder);
    expect(names).toHaveLength(1);
    name = join(folder, names[0] ?? '');
    text = await readFile(name, 'utf8');
  }, 40_000);
  afterAll(async () => {
    await rig.close();
    await rm(home, { recursive: true, force: true });
  });
  const replay = async (...args: string[]) =>
    (await createCliStage()).run('replay', ...TOLERANCE, ...args);

  it('finds no difference in a call with barge-in, a false interruption, keys and a transfer', async () => {
    expect([result.failure, result.violations, result.outcome]).toEqual([
      undefined,
      [],
      'transferred',
    ]);
    expect(text).toMatch(/"type":"interrupted"[^]*"outcome":"resumed"[^]*"reason":"transfer"/u);
    const { code, out } = await replay(name);
    expect(out).toContain('nothing differs');
    expect(code).toBe(0);
  });

  it('shows what another setting makes of the same call', async () => {
    const changed = join(home, 'changed.jsonl');
    await writeFile(
      changed,
      text.replace(/^.*\n/u, (header) =>
        header.replaceAll('"completeTimeoutMs":600', '"completeTimeoutMs":200'),
      ),
    );
    const { code, out } = await replay(changed, '--tolerance', '100');
    expect(code).toBe(1);
    expect(out).toMatch(/ ~ +\d+\.\d\d {2}end-of-input +\d+\.\d\d {2}end-of-input {2}\(time\)/u);
    const json = await replay(changed, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ isComplete: true });
  });

  it('shows a call that interrupts nothing any more', async () => {
    const changed = join(home, 'deaf.jsonl');
    await writeFile(changed, text.replace('"by":"either"', '"by":"none"'));
    const { code, out } = await replay(changed);
    expect(code).toBe(1);
    expect(out).toMatch(/^ {2}- +\d+\.\d\d {2}interrupted speech$/mu);
  });

  it('replays a recording that ends before its call', async () => {
    const part = join(home, 'part.jsonl');
    const lines = text.split('\n').slice(0, 30);
    const { at } = JSON.parse(lines.at(-1) ?? '') as { readonly at: number };
    await writeFile(part, `${[...lines, JSON.stringify({ type: 'truncated', at })].join('\n')}\n`);
    const { code, out } = await replay(part);
    expect(out).toContain('the recording ends before the call does');
    expect(code).toBe(0);
  });

  it('keeps nothing of what was said, by anybody, nor how many secret digits there were', () => {
    expect(createCanarySearch({ ...CANARIES, ORGANISATION })(text)).toEqual([]);
    expect(text).toContain('"digits":"00000000000"');
    const hidden = /\{"type":"in"[^{}]*"input":"digits"\}/u.exec(text)?.[0] ?? '';
    expect(Object.keys(JSON.parse(hidden) as object)).toEqual(['type', 'at', 'rpc', 'input']);
    expect(text.match(/"digits":"0+"/gu)).toHaveLength(2);
  });

  it('lets only the owner read a recording, and says in the log whose it is', async () => {
    expect((await stat(name)).mode & 0o777).toBe(0o600);
    const started = rig.log.lines.filter(({ fields }) => fields['event'] === 'recorder.started');
    expect(started.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({
        conversation: CANARIES.conversation,
        organisation: ORGANISATION,
        file: name.slice(folder.length + 1),
      }),
    ]);
  });

  it.each([
    ['no file', undefined, /cannot read .*: there is no such file/u],
    ['nothing', '', /it is no recording of byova/u],
    ['a picture', '\u0089PNG\r\n\u001A\n\0\0', /it is no recording of byova/u],
    ['an older format', '{"format":"byova-recording","version":0}\n', /has format version 0/u],
    ['no version', '{"format":"byova-recording","version":"\\u001B[2J"}\n', /version unknown/u],
    ['a bare header', '{"format":"byova-recording","version":1}\n', /line 1 is damaged/u],
  ])('refuses %s', async (_what, content, message) => {
    const file = join(home, 'hostile.jsonl');
    await rm(file, { force: true });
    if (content !== undefined) await writeFile(file, content);
    const { code, out, err } = await replay(file);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain('\u001B');
  });

  it('refuses a recording that is cut off or was tampered with, and names the line', async () => {
    const file = join(home, 'hostile.jsonl');
    const lines = text.split('\n');
    await writeFile(file, text.slice(0, -20));
    expect(await replay(file)).toMatchObject({ code: 2, err: expect.stringMatching(/cut off/u) });
    for (const line of [
      'null',
      '{"type":"in","at":1,"rpc":1,"input":"digits","digits":"\u001B[2J"}',
      '{"type":"moment","at":1,"moment":{"type":"asked","__proto__":{},"x":1}}',
      '{"type":"audio","at":1,"rpc":1,"packets":"0.x9999 0.x"}',
      '{"type":"bot","at":1e99,"turn":1,"tookMs":0,"deed":{"kind":"done"}}',
      '['.repeat(50_000),
    ]) {
      await writeFile(file, [lines[0], lines[1], line, ...lines.slice(2)].join('\n'));
      const { code, err } = await replay(file);
      expect([code, err]).toEqual([2, expect.stringContaining('line 3 is damaged')]);
    }
  });
});

describe('a recorder that cannot write', () => {
  it('does not touch a call', async () => {
    // A device that is always full would do as well; a folder that is a file fails everywhere, for root too.
    const rig = await startGatewayRig({
      speed: 20,
      config: { recorder: { folder: join(import.meta.filename, 'recordings') } },
    });
    const call = { organisationId: ORGANISATION, speed: 20, script: [] };
    const results = [await rig.webex().placeCall(call), await rig.webex().placeCall(call)];
    await rig.close();
    expect(
      results.map(({ outcome, failure, violations }) => [outcome, failure, violations]),
    ).toEqual(Array.from(results, () => ['hung-up', undefined, []]));
    const failed = rig.log.lines.filter(({ fields }) => fields['event'] === 'recorder.failed');
    expect(failed).toHaveLength(2);
  });
});
