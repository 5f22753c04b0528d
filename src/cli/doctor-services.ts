import { VOICE_VIRTUAL_AGENT_SERVICE } from '../protocols/voice-virtual-agent/schema.ts';
import { type WebexTls, connectWebex } from '../simulator/caller.ts';
import { type HealthAnswer, checkHealth } from '../simulator/check-health.ts';
import type { RpcStatus } from '../simulator/rpc-status.ts';
import { type Finding, quote, right, risk, wrong } from './doctor-finding.ts';
import { describeRefusal } from './status-words.ts';

/** Nobody's organisation: the question is meant to be refused. */
const NO_ORGANISATION = '00000000-0000-0000-0000-000000000000';

/** Asks a gateway for its health, and for something that it must refuse to a stranger. No credential is sent. */
export async function examineServices(
  connection: { readonly target: string; readonly tls?: Omit<WebexTls, 'serverName'> },
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const webex = connectWebex({ ...connection, unaryTimeoutMs: timeoutMs });
  try {
    const [whole, agent, listing] = await Promise.all([
      checkHealth(connection, '', timeoutMs),
      checkHealth(connection, VOICE_VIRTUAL_AGENT_SERVICE, timeoutMs),
      webex.listVirtualAgents(NO_ORGANISATION),
    ]);
    const answers = [whole.status, agent.status, listing.status];
    // Said once: what nobody got an answer from.
    if (answers.every(({ name }) => name === 'UNAVAILABLE'))
      return [explainSilence(connection.target, listing.status)];
    return [
      explainHealth('the server', whole, connection.target),
      explainHealth('the voice virtual agent service', agent, connection.target),
      explainListing(listing.status, connection.target),
    ];
  } finally {
    webex.close();
  }
}

function explainSilence(target: string, status: RpcStatus): Finding {
  const wantsCertificate = /certificate.required|bad.certificate|handshake.failure/iu;
  return wantsCertificate.test(status.details)
    ? wrong(
        `${target} demands a client certificate`,
        'give --cert and --key of a client that it accepts',
      )
    : wrong(
        describeRefusal(target, status),
        'check that a gRPC server is behind it, and that the gateway runs',
      );
}

function explainHealth(name: string, { status, health }: HealthAnswer, target: string): Finding {
  if (health === 'SERVING') return right(`health of ${name}: SERVING`);
  if (health !== undefined)
    return wrong(`health of ${name}: ${health}`, 'the gateway is starting, stopping or not well');
  if (status.name === 'NOT_FOUND')
    return wrong(
      `health of ${name}: the server does not know it`,
      'another gRPC server answers there',
    );
  if (status.name === 'UNIMPLEMENTED')
    return risk(
      `health of ${name}: grpc.health.v1 is not answered (${quote(status.details)})`,
      'let the balancer pass on /grpc.health.v1.Health, or see whether another server answers',
    );
  return wrong(`health of ${name}: ${describeRefusal(target, status)}`, 'see what answers there');
}

/** A proxy may refuse a stranger as well; only the gateway gives its own reason. */
function explainListing({ name, details }: RpcStatus, target: string): Finding {
  if (name === 'UNAUTHENTICATED')
    return details.startsWith('ERR_AUTH_MISSING')
      ? right('the gateway refuses a caller without a credential, as it should')
      : risk(
          `a caller without a credential is refused, and not by the gateway (${quote(details)})`,
          'what stands in front must let the authorization header through',
        );
  if (name === 'OK')
    return wrong(
      'ListVirtualAgents is answered to a caller without a credential',
      'this is not the gateway, or something in front adds a credential: let nobody in like this',
    );
  if (name === 'UNIMPLEMENTED')
    return wrong(
      `ListVirtualAgents does not get to the gateway: the server does not know it (${quote(details)})`,
      `let the proxy pass on every path below /${VOICE_VIRTUAL_AGENT_SERVICE}`,
    );
  return wrong(
    describeRefusal(target, { name, details, code: 0 }),
    'the gateway would answer UNAUTHENTICATED: see what answers in its place',
  );
}
