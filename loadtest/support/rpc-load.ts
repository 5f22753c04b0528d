import { openRpcConnection } from './rpc-connection.ts';

/** A load of the same RPC, again and again. */
export interface RpcLoad {
  /** `host:port` */
  readonly target: string;
  readonly token: string;
  readonly path: string;
  /** Makes the request of the next RPC, with its five bytes of length. */
  readonly nextMessage: () => Uint8Array;
  /** What each answer must measure, all of its messages together; any other size is an error. */
  readonly answerBytes: number;
  readonly connections: number;
  /** RPCs under way at once, over all connections. */
  readonly inFlight: number;
  /** No RPC begins after so long or so many, whichever is first. */
  readonly durationMs: number;
  readonly maxRpcs: number;
}

/** What a load measured. */
export interface RpcFigures {
  /** Those that were answered in full. */
  readonly rpcs: number;
  readonly seconds: number;
  /** Of each of them, from sending the request to the first bytes of the answer. */
  readonly firstAnswersMs: readonly number[];
  /** By kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** What the load itself used of a core, 0 to 1: near 1, it is the load that was measured. */
  readonly loadCpu: number;
}

/** Keeps `inFlight` RPCs going until it is over, and waits for the last of them. */
export async function runRpcLoad(load: RpcLoad): Promise<RpcFigures> {
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => openRpcConnection(load.target, load)),
  );
  const firstAnswersMs: number[] = [];
  const errors: Record<string, number> = {};
  let begun = 0;
  let rpcs = 0;
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + load.durationMs;

  await Promise.all(
    Array.from({ length: load.inFlight }, (_, index) => {
      const connection = connections[index % connections.length];
      return new Promise<void>((resolve) => {
        const next = (): void => {
          if (connection === undefined || begun >= load.maxRpcs || performance.now() >= endsAtMs) {
            resolve();
            return;
          }
          begun += 1;
          connection.call(load.nextMessage(), ({ outcome, answerBytes, firstAnswerMs }) => {
            const fault =
              outcome === 'ok' && answerBytes !== load.answerBytes ? 'wrong-size' : outcome;
            if (fault === 'ok') {
              rpcs += 1;
              firstAnswersMs.push(firstAnswerMs);
            } else errors[fault] = (errors[fault] ?? 0) + 1;
            // A connection that is gone answers at once, and would do so for ever.
            if (outcome === 'connection') resolve();
            else next();
          });
        };
        next();
      });
    }),
  );
  const elapsedMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const connection of connections) connection.close();
  return {
    rpcs,
    seconds: elapsedMs / 1_000,
    firstAnswersMs,
    errors,
    loadCpu: (user + system) / 1_000 / elapsedMs,
  };
}
