import { BlockList, isIP, isIPv6 } from 'node:net';

import type { Config, ListenAddress } from '../config/config.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../protocols/voice-virtual-agent/schema.ts';
import { findMissing } from './check-config.ts';
import { examineCertificateFiles } from './doctor-certificate.ts';
import { type Finding, quote, right, risk, toCount, wrong } from './doctor-finding.ts';

const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const)
  privateNetworks.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateNetworks.addSubnet(network, prefix, 'ipv6');

/**
 * Examines a configuration that loads: what it names and the machine does not have, and what is legal in it and risky.
 * Every bot is created and closed again.
 */
export async function examineConfig(config: Config, nowMs: number): Promise<readonly Finding[]> {
  const missing = await findMissing(config);
  return [
    right(
      [
        toCount(config.agents.length, 'agent'),
        toCount(config.dataSources.length, 'data source'),
        toCount(config.trust.issuers.length, 'issuer'),
      ].join(', '),
    ),
    ...missing.map((problem) => wrong(problem, 'the gateway does not start until this is mended')),
    ...findRisks(config),
    ...(await examineTls(config, nowMs)),
  ];
}

function findRisks(config: Config): readonly Finding[] {
  const { trust, admin, agents, dataSources } = config;
  const risks: Finding[] = [];
  if (trust.replay.policy === 'off')
    risks.push(
      risk(
        'trust.replay.policy is off: a token that was renewed still opens the door until it expires',
        'set it to rotation',
      ),
    );
  if (!trust.requireCustomerOrgId)
    risks.push(
      risk(
        'trust.requireCustomerOrgId is false: a message need not say which organisation it is of',
        'set it to true, unless your client of old cannot name it',
      ),
    );
  const exposure = describeExposure(admin.listen);
  if (exposure !== undefined && admin.tls?.clientCaFile === undefined)
    risks.push(
      risk(
        `admin.listen is ${exposure}, and its health and metrics are for anybody who asks`,
        'listen on 127.0.0.1, ask for certificates with admin.tls.clientCa, or let a firewall guard the port',
      ),
    );
  for (const { issuer } of trust.issuers)
    if (issuer.startsWith('http:'))
      risks.push(
        risk(`the issuer ${quote(issuer)} is one for development`, 'take it out for production'),
      );
  if (agents.length > 1 && !agents.some(({ isDefault }) => isDefault))
    risks.push(
      risk(
        'no agent is the default: a call that names none is refused',
        'give one of them default: true',
      ),
    );
  if (!dataSources.some(({ schemaId }) => schemaId === VOICE_VIRTUAL_AGENT_SCHEMA_ID))
    risks.push(
      risk(
        'no data source is for voice-virtual-agent: no call can come in',
        'add one to dataSources',
      ),
    );
  return risks;
}

async function examineTls(config: Config, nowMs: number): Promise<readonly Finding[]> {
  const { tls, listen } = config.grpc;
  if (tls !== undefined) return examineCertificateFiles(tls, hostsOf(config), nowMs);
  return isLoopback(listen.host)
    ? []
    : [
        risk(
          `grpc.listen is ${listen.host}:${listen.port}, in plaintext; Webex needs TLS`,
          'a balancer must end TLS in front of it; else set grpc.tls',
        ),
      ];
}

/** Names under which Webex may look for this gateway. */
function hostsOf({ dataSources }: Config): readonly string[] {
  return [...new Set(dataSources.map(({ url }) => hostOf(new URL(url))))];
}

/** The host of a URL as sockets want it: IPv6 without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/gu, '');
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function describeExposure({ host }: ListenAddress): string | undefined {
  if (host === '0.0.0.0' || host === '::') return `${host}, every network of this machine`;
  // What a name stands for is decided where it is resolved.
  if (isIP(host) === 0 || isLoopback(host)) return undefined;
  return privateNetworks.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
    ? undefined
    : `${host}, a public address`;
}
