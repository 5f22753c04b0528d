import { readFile } from 'node:fs/promises';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import type { WireSizes } from './capacity-model.ts';
import type { CostFigures } from './cost-figures.ts';
import { FRAME_HEAD_BYTES } from './http2-frames.ts';
import { encodeMessage } from './measured-rpc.ts';
import { LINE_NOISE } from './real-time-call.ts';
import type { MoreFigures } from './unit-costs.ts';

/** Figures that runs of other load tests left beside the pages. */
export interface CapacityInputs {
  readonly figures: CostFigures;
  readonly more: MoreFigures;
  /** Names of the files that were found. */
  readonly files: readonly string[];
}

const FOLDER = new URL('../../docs/performance/', import.meta.url);
/** Heads of IPv6, of TCP with time stamps, and of a TLS record with its seal, at worst around each frame of sound. RFC 8200, 9293, 8446. */
const PACKET_BYTES = 40 + 32 + 22;
/** Headers of an RPC whose token is sent whole each time, and its answers' own heads and trailers: tokens of Webex are about a kilobyte. */
const RPC_BYTES = 1_500;

/** @throws {Error} When `npm run loadtest:costs -- --write` has not been run. */
export async function readCapacityInputs(): Promise<CapacityInputs> {
  const figures = await readJson<CostFigures>('costs');
  if (figures === undefined)
    throw new Error('docs/performance/costs.json is missing: npm run loadtest:costs -- --write');
  const realtime = await readJson<MoreFigures['realtime']>('realtime');
  const memory = await readJson<MoreFigures['memory']>('memory');
  return {
    figures,
    more: {
      ...(realtime === undefined ? {} : { realtime }),
      ...(memory === undefined ? {} : { memory }),
    },
    files: [
      'costs.json',
      ...(realtime === undefined ? [] : ['realtime.json']),
      ...(memory === undefined ? [] : ['memory.json']),
    ],
  };
}

/** What our own messages measure, and what the network adds. */
export function measureWire(): WireSizes {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const write = createRequestWriter({
    conversationId: crypto.randomUUID(),
    organisationId: crypto.randomUUID(),
    agentId: crypto.randomUUID(),
  });
  const audio = write.audio(LINE_NOISE[0] ?? new Uint8Array(0));
  const message = encodeMessage(method.requestSerialize(audio)).length;
  return { frameBytes: message + FRAME_HEAD_BYTES + PACKET_BYTES, turnBytes: RPC_BYTES };
}

async function readJson<T>(name: string): Promise<T | undefined> {
  try {
    // Written by our own load tests, of the same version.
    return JSON.parse(await readFile(new URL(`${name}.json`, FOLDER), 'utf8')) as T;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
