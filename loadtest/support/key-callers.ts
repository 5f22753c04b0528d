import { randomUUID } from 'node:crypto';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { encodeMessage } from './measured-rpc.ts';
import { type RpcConnection, openRpcConnection } from './rpc-connection.ts';

/** Whose calls they are. */
export interface CallingOrganisation {
  readonly organisationId: string;
  readonly token: string;
}

/** Who calls what. */
export interface KeyCallersOptions {
  /** `host:port` */
  readonly target: string;
  /** Who signed the certificate of the server, in PEM; absent: no TLS. */
  readonly ca?: string;
  readonly agentId: string;
  /** Callers are of one after another of these. */
  readonly organisations: readonly CallingOrganisation[];
  readonly callers: number;
  readonly connections: number;
  /** Of sound that an answer has at least; one with less is an error. */
  readonly leastAnswerBytes?: number;
}

/** Callers who press a key, hear the answer, and press again, on connections that stay. */
export interface KeyCallers {
  /** Lets each of them ring, once, and then press some keys: a gateway of their own is slow until its code is compiled. */
  begin(keys?: number): Promise<void>;
  /** Lets one after another press a key. @returns How many did. */
  press(keys: number): Promise<number>;
  /** Lets others ring and hang up, so many. @returns How many did. */
  call(calls: number): Promise<number>;
  /** Of the messages of the last answer. */
  answerBytes(): number;
  close(): void;
}

interface Caller {
  readonly start: Uint8Array;
  readonly press: Uint8Array;
  readonly end: Uint8Array;
  readonly token: string;
  readonly connection: RpcConnection;
}

/** Callers who are waited for at once: enough to keep a gateway at work, too few to make a queue. */
const IN_FLIGHT = 8;

/** Connects. */
export async function connectKeyCallers(options: KeyCallersOptions): Promise<KeyCallers> {
  const { target, ca, agentId, organisations, leastAnswerBytes = 1 } = options;
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const connections = await Promise.all(
    Array.from({ length: options.connections }, () =>
      openRpcConnection(target, { path: method.path, token: organisations[0]?.token ?? '', ca }),
    ),
  );
  let made = 0;
  let answerBytes = 0;
  const makeCaller = (): Caller => {
    const organisation = organisations[made % organisations.length];
    const connection = connections[made % connections.length];
    made += 1;
    if (organisation === undefined || connection === undefined) throw new TypeError('no caller');
    const { organisationId, token } = organisation;
    const write = createRequestWriter({ conversationId: randomUUID(), organisationId, agentId });
    const encode = (request: ReturnType<typeof write.digits>): Uint8Array =>
      encodeMessage(method.requestSerialize(request));
    return {
      start: encode(write.event('SESSION_START')),
      press: encode(write.digits('5')),
      end: encode(write.event('SESSION_END')),
      token,
      connection,
    };
  };
  const ask = ({ connection, token }: Caller, message: Uint8Array): Promise<number> =>
    new Promise((resolve, reject) => {
      connection.call(
        message,
        (result) => {
          if (result.outcome === 'ok') resolve(result.answerBytes);
          else reject(new Error(`an RPC of ${agentId} ended: ${result.outcome}`));
        },
        token,
      );
    });
  const askForSound = async (caller: Caller, message: Uint8Array): Promise<void> => {
    answerBytes = await ask(caller, message);
    if (answerBytes < leastAnswerBytes)
      throw new Error(`${agentId} answered ${answerBytes} bytes, fewer than ${leastAnswerBytes}`);
  };
  const idle = Array.from({ length: options.callers }, makeCaller);
  const press = (keys: number): Promise<number> =>
    inTurn(keys, async () => {
      const caller = idle.shift();
      if (caller === undefined) throw new TypeError('more are waited for than call');
      await askForSound(caller, caller.press);
      idle.push(caller);
    });
  return {
    async begin(keys = 0) {
      await inTurn(idle.length, async (index) => {
        const caller = idle[index];
        if (caller !== undefined) await askForSound(caller, caller.start);
      });
      await press(keys);
    },
    press,
    call: (calls) =>
      inTurn(calls, async () => {
        const caller = makeCaller();
        await askForSound(caller, caller.start);
        await ask(caller, caller.end);
      }),
    answerBytes: () => answerBytes,
    close() {
      for (const connection of connections) connection.close();
    },
  };
}

/** Does something `count` times, a few at once. */
async function inTurn(count: number, act: (index: number) => Promise<void>): Promise<number> {
  let begun = 0;
  const goOn = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await act(begun - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, goOn));
  return count;
}
