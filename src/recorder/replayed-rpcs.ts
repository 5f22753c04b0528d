import type { CallerInput, TurnMessage } from '../conversation/caller-input.ts';
import type { Principal } from '../conversation/principal.ts';
import { Turn, type TurnDeps } from '../conversation/turn.ts';
import type { Packet } from './packets.ts';
import type { EntryOf, RecordingEntry } from './recording-format.ts';
import { codeOf, redactOutput } from './redact.ts';
import { wait } from './scripted-bot.ts';
import type { ScriptedEars } from './scripted-ear.ts';

const ORGANISATION = '00000000-0000-4000-8000-000000000001';
const STRANGER = '00000000-0000-4000-8000-000000000002';
const CONVERSATION = 'recorded-call';
/** Scripted ears hear the letters; what sounded is not known. */
const SOMETHING = new Uint8Array(1);
const NOTHING = new Uint8Array(0);

const PRINCIPAL: Principal = {
  organisationId: ORGANISATION,
  issuer: '',
  audience: '',
  subject: '',
  dataSourceUrl: '',
  schemaId: '',
  tokenId: '',
  expiresAtMs: Number.MAX_SAFE_INTEGER,
};

/** The RPCs of a recorded call, opened again. */
export interface ReplayedRpcs {
  /** The caller sends a packet. */
  hear(rpc: number, packet: Packet): void;
  /** Does what the caller did; what others did is passed over. */
  take(entry: RecordingEntry): void;
}

interface ReplayedRpc {
  readonly turn: Turn;
  readonly allowPartial: boolean;
  hasEnded: boolean;
  /** The caller leaves as soon as the RPC has ended. */
  isLeaving: boolean;
}

/** Creates them: none is open. @param watch Called with what the engine does; `at` is to be filled in. */
export function createReplayedRpcs(
  deps: TurnDeps,
  ears: ScriptedEars,
  entries: readonly RecordingEntry[],
  watch: (entry: EntryOf<'out' | 'end'>) => void,
): ReplayedRpcs {
  const rpcs = new Map<number, ReplayedRpc>();
  const lines = toLines(entries);
  /** Those whose end was recorded before the caller left them. */
  const ended = new Set<number>();
  const open = (number: number, allowPartial: boolean): void => {
    const line = lines.get(number);
    let written = 0;
    const end = (code: string): void => {
      if (rpc.hasEnded) return;
      rpc.hasEnded = true;
      watch({ type: 'end', at: 0, rpc: number, code });
      // After whatever is completing it.
      if (rpc.isLeaving) setImmediate(() => rpc.turn.cancelled());
    };
    const turn = new Turn(deps, PRINCIPAL, {
      write(output) {
        if (!rpc.hasEnded) watch(redactOutput(output, { at: 0, rpc: number }));
        written += 1;
        return line?.isFullAfter.has(written) !== true;
      },
      ready: async () => wait(deps.clock, line?.roomAfterMs.shift() ?? 0),
      complete: () => end('OK'),
      fail: (error) => end(codeOf(error) ?? 'UNKNOWN'),
    });
    const rpc: ReplayedRpc = { turn, allowPartial, hasEnded: false, isLeaving: false };
    rpcs.set(number, rpc);
  };
  const send = (number: number, input: CallerInput, odd: EntryOf<'in'>['odd']): void => {
    const rpc = rpcs.get(number);
    if (rpc === undefined) return;
    const message: TurnMessage = {
      conversationId: odd === 'conversation' ? 'another-call' : CONVERSATION,
      organisationId: odd === 'organisation' ? STRANGER : ORGANISATION,
      agentId: odd === 'agent' ? 'another' : '',
      allowPartialResponses: rpc.allowPartial,
      vendorConfig: '',
      input,
    };
    try {
      rpc.turn.message(message);
    } catch (error) {
      if (rpc.hasEnded) return;
      rpc.hasEnded = true;
      watch({ type: 'end', at: 0, rpc: number, code: codeOf(error) ?? 'UNKNOWN' });
    }
  };
  return {
    hear(number, { letters }) {
      ears.packet(letters);
      send(
        number,
        {
          type: 'audio',
          audio: letters === '' ? NOTHING : SOMETHING,
          encoding: undefined,
          sampleRateHz: 0,
          languageCode: '',
        },
        undefined,
      );
    },
    take(entry) {
      switch (entry.type) {
        case 'rpc':
          return open(entry.rpc, entry.allowPartial);
        case 'in':
          for (const input of toInputs(entry)) send(entry.rpc, input, entry.odd);
          return undefined;
        case 'half-close':
          return rpcs.get(entry.rpc)?.turn.halfClose();
        case 'closed': {
          const rpc = rpcs.get(entry.rpc);
          if (rpc === undefined) return undefined;
          if (rpc.hasEnded || !ended.has(entry.rpc)) {
            rpc.hasEnded = true;
            rpc.turn.cancelled();
          } else rpc.isLeaving = true;
          return undefined;
        }
        case 'end':
          ended.add(entry.rpc);
          return undefined;
        default:
          return undefined;
      }
    },
  };
}

function toInputs({ input, digits }: EntryOf<'in'>): readonly CallerInput[] {
  switch (input) {
    case 'digits':
      // Keys of which nothing is known were complete at this moment: one key, and no more.
      return digits === undefined
        ? [
            { type: 'digits', digits: '0' },
            { type: 'digits', digits: '' },
          ]
        : [{ type: 'digits', digits }];
    case 'session-start':
    case 'custom-event':
      return [{ type: input, name: '', parameters: {} }];
    default:
      return [{ type: input }];
  }
}

/** How fast the caller's side of one RPC took what was written. */
interface Line {
  /** The messages after which there was no room, counted from 1. */
  readonly isFullAfter: Set<number>;
  /** How long it took until there was room, time after time. */
  readonly roomAfterMs: number[];
}

function toLines(entries: readonly RecordingEntry[]): ReadonlyMap<number, Line> {
  const lines = new Map<number, Line>();
  const written = new Map<number, number>();
  for (const entry of entries) {
    if (entry.type !== 'out' && entry.type !== 'room') continue;
    const line = lines.get(entry.rpc) ?? { isFullAfter: new Set(), roomAfterMs: [] };
    lines.set(entry.rpc, line);
    if (entry.type === 'room') {
      line.roomAfterMs.push(entry.tookMs);
      continue;
    }
    const count = (written.get(entry.rpc) ?? 0) + 1;
    written.set(entry.rpc, count);
    if (entry.isFull === true) line.isFullAfter.add(count);
  }
  return lines;
}
