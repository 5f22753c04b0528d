import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Config } from '../config/config.ts';
import type {
  Claim,
  ClaimOptions,
  ConversationRecord,
  ConversationStore,
  Lease,
  Owner,
} from '../conversation/conversation-store.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { LentConversations } from '../gateway/open-conversations.ts';
import { createSharedConversations } from '../stores/memory-conversation-store.ts';
import type { Channel } from './channel.ts';

/** The conversations that workers share in the memory of their primary. */
export interface PrimaryConversations {
  /**
   * Answers what a worker asks with {@link lendConversations}.
   *
   * @param worker A number that no other worker has had.
   * @returns What to do when it has ended.
   */
  answer(channel: Channel, worker: number): () => void;
  /** Removes the sockets on which workers reach each other. */
  close(): void;
}

/** How a worker is reached by the others. */
interface Seat {
  readonly host: string;
  readonly token: string;
}

const TTL_MARGIN_MS = 60_000;
const TOKEN_BYTES = 32;

/**
 * Opens that memory; with a Redis in the configuration, workers share their conversations there.
 *
 * @param deps.temporaryFolder Where a folder for sockets is made. Default: that of the system, which `TMPDIR` names.
 * @throws {GatewayError} `ERR_STORE_UNAVAILABLE` when no folder can be made there.
 */
export function openPrimaryConversations(
  { conversation }: Pick<Config, 'conversation'>,
  deps: { readonly clock: Clock; readonly temporaryFolder?: string },
): PrimaryConversations {
  if (conversation.redis !== undefined)
    return {
      answer(channel) {
        channel.answer('conversations.seat', () => undefined);
        return () => undefined;
      },
      close: () => undefined,
    };
  const shared = createSharedConversations(
    { ttlMs: conversation.idleTimeoutMs + TTL_MARGIN_MS },
    deps,
  );
  const folder = makeSocketFolder(deps.temporaryFolder ?? tmpdir());
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  return {
    answer(channel, worker) {
      let view: ConversationStore | undefined;
      const ask = <A>(question: (store: ConversationStore) => Promise<A>): Promise<A> => {
        if (view === undefined) throw new TypeError('the worker has not said who it is');
        return question(view);
      };
      channel.answer('conversations.seat', (): Seat => ({
        host: `unix:${join(folder, `${worker}.sock`)}`,
        token,
      }));
      channel.answer('conversations.open', (owner) => {
        view = shared.replica(owner as Owner);
      });
      channel.answer('conversations.claim', (body) => {
        const [key, options] = body as readonly [string, ClaimOptions];
        return ask((store) => store.claim(key, options));
      });
      channel.answer('conversations.save', (body) => {
        const [lease, record] = body as readonly [Lease, ConversationRecord];
        return ask((store) => store.save(lease, record));
      });
      channel.answer('conversations.release', (body) => {
        const [lease, record] = body as readonly [Lease, ConversationRecord | undefined];
        return ask((store) => store.release(lease, record));
      });
      channel.answer('conversations.end', (lease) => ask((store) => store.end(lease as Lease)));
      channel.answer('conversations.beat', () => ask((store) => store.beat()));
      channel.answer('conversations.close', () => ask((store) => store.close()));
      return () => void view?.close();
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Nobody else may enter it. */
function makeSocketFolder(parent: string): string {
  try {
    return mkdtempSync(join(parent, 'byova-'));
  } catch (cause) {
    throw new GatewayError(
      'ERR_STORE_UNAVAILABLE',
      `workers reach each other on sockets, and no folder for these can be made in ${parent}: make that writable, or name another one with TMPDIR`,
      { cause },
    );
  }
}

/** A worker's side; `undefined` when the configuration says how conversations are shared. */
export async function lendConversations(
  channel: Pick<Channel, 'ask'>,
): Promise<LentConversations | undefined> {
  const seat = (await channel.ask('conversations.seat')) as Seat | undefined;
  if (seat === undefined) return undefined;
  return {
    peers: {
      listen: { host: seat.host, port: 0 },
      advertise: undefined,
      token: seat.token,
      tls: undefined,
    },
    openStore: (self) => createPrimaryConversationStore(channel, self),
  };
}

function createPrimaryConversationStore(
  channel: Pick<Channel, 'ask'>,
  { replicaId, address }: Parameters<LentConversations['openStore']>[0],
): ConversationStore {
  const send = async (question: string, body?: unknown): Promise<unknown> => {
    try {
      return await channel.ask(`conversations.${question}`, body);
    } catch (cause) {
      throw new GatewayError('ERR_STORE_UNAVAILABLE', 'the primary process does not answer', {
        cause,
      });
    }
  };
  let opening: Promise<unknown> | undefined;
  const ask = async (question: string, body?: unknown): Promise<unknown> => {
    await (opening ??= send('open', { replicaId, address: address() }));
    return send(question, body);
  };
  return {
    replicaId,
    claim: async (key, options = {}) => (await ask('claim', [key, options])) as Claim,
    save: async (lease, record) => (await ask('save', [lease, record])) as boolean,
    release: async (lease, record) => (await ask('release', [lease, record])) as boolean,
    end: async (lease) => (await ask('end', lease)) as boolean,
    beat: async () => (await ask('beat')) as string,
    async close() {
      try {
        await ask('close');
      } catch {
        // A primary that is gone has forgotten this process already.
      }
    },
  };
}
