import { type Cost, type CostItem, measureCosts } from './cost-rounds.ts';
import { talk } from './cost-talk.ts';
import { type CostEffort, PROMPT_BYTES } from './cost-turns.ts';
import type { GatewayChild } from './gateway-child.ts';
import { type KeyCallers, connectKeyCallers } from './key-callers.ts';
import { defaultOrganisation, startMeasuredGateway } from './measured-gateway.ts';
import { createListRpc } from './measured-rpc.ts';
import { openRpcConnection } from './rpc-connection.ts';
import { createSelfSigned } from './self-signed.ts';

const KINDS = [
  { id: 'plaintext', name: 'plaintext', keyType: undefined },
  { id: 'tls-rsa', name: 'TLS, RSA-2048', keyType: 'rsa' },
  { id: 'tls-ecdsa', name: 'TLS, ECDSA P-256', keyType: 'ec' },
] as const;
const CALLERS = 60;
const LONG_LIVED = 4;
const AT_ONCE = 4;
/** Of keys, before anything is measured: each of these gateways has a third of the turns. */
const WARM_UP_ROUNDS = 8;

/** A gateway with whom calls talk. */
interface Talking {
  readonly id: string;
  readonly name: string;
  readonly server: TlsServer;
}

interface TlsServer extends GatewayChild {
  /** Absent: no TLS. */
  readonly ca?: string;
}

/** Turns on connections that stay, and connections that carry one small RPC, and frames of calls that talk, each in plaintext and over TLS. */
export async function measureTls(effort: CostEffort): Promise<readonly Cost[]> {
  const closing: (() => unknown)[] = [];
  const turns: CostItem[] = [];
  const connections: CostItem[] = [];
  const talking: Talking[] = [];
  try {
    for (const { id, name, keyType } of KINDS) {
      const tls = keyType === undefined ? undefined : await createSelfSigned(keyType);
      if (tls !== undefined) closing.push(() => tls.remove());
      const gateway = await startMeasuredGateway({
        prompts: { load: PROMPT_BYTES },
        grpc: tls === undefined ? {} : { tls: tls.files },
      });
      closing.push(() => gateway.stop());
      const server = {
        ...gateway,
        ...(tls === undefined ? {} : { ca: tls.certificate }),
      };
      if (keyType !== 'rsa') talking.push({ id, name, server });
      const callers = await connectCallers(server);
      await callers.begin(effort.keys * WARM_UP_ROUNDS);
      closing.push(() => callers.close());
      turns.push({
        id: `turn-${id}`,
        name: `turn, connections that stay, ${name}`,
        run: () => callers.press(effort.keys),
        cpuMicros: gateway.cpuMicros,
      });
      connections.push({
        id: `connection-${id}`,
        name: `connection, one small RPC, ${name}`,
        run: () => connect(server, effort.connections),
        cpuMicros: gateway.cpuMicros,
      });
    }
    const costs = await measureCosts([...turns, ...connections], effort);
    return [...costs, ...(await measureFrames(talking, effort))];
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** Both at the same time, so that they find the machine alike. Turns included: there is one in some hundreds of frames. */
function measureFrames(talking: readonly Talking[], effort: CostEffort): Promise<readonly Cost[]> {
  return Promise.all(
    talking.map(async ({ id, name, server }) => {
      const { cpuMicros, frames } = await talk({
        ...effort,
        gateway: server,
        ...(server.ca === undefined ? {} : { ca: server.ca }),
        calls: effort.talkCalls[0],
        agentId: 'load',
      });
      const micros = cpuMicros / frames;
      return {
        id: `frame-${id}`,
        name: `frame, all in, of ${effort.talkCalls[0]} calls, ${name}`,
        micros,
        rounds: [micros],
        count: frames,
      };
    }),
  );
}

function connectCallers(server: TlsServer): Promise<KeyCallers> {
  return connectKeyCallers({
    ...server,
    agentId: 'load',
    leastAnswerBytes: PROMPT_BYTES,
    organisations: defaultOrganisation(server),
    callers: CALLERS,
    connections: LONG_LIVED,
  });
}

/** Connects so often, asks for the list of agents each time, and closes. No session is taken up again. */
async function connect({ target, token, ca }: TlsServer, count: number): Promise<number> {
  const { path, nextMessage } = createListRpc();
  let begun = 0;
  const goOn = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const connection = await openRpcConnection(target, { path, token, ca });
      const outcome = await new Promise<string>((resolve) => {
        connection.call(nextMessage(), (result) => resolve(result.outcome));
      });
      connection.close();
      if (outcome !== 'ok') throw new Error(`ListVirtualAgents ended: ${outcome}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, goOn));
  return count;
}
