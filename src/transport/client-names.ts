import type { PeerCertificate } from 'node:tls';

import { GatewayError } from '../core/gateway-error.ts';

/** An RPC that says which certificate its connection showed. */
export interface CertifiedRpc {
  /** Its connection, if it is still there. */
  readonly session: object | undefined;
  certificate(): PeerCertificate | undefined;
}

/**
 * Makes the check that a client's certificate carries an allowed name, which stands beside the signature of its
 * authority (protocol.md section 3.6). The certificate is looked at once a connection.
 *
 * @param patterns Names, compared without regard to case with the common name and every DNS name; `*` stands for exactly
 *   one label, so `*.example.com` is met by `a.example.com` and by neither `example.com` nor `a.b.example.com`. Empty:
 *   any name.
 * @returns A function that throws {@link GatewayError} `ERR_TRANSPORT_CLIENT_NAME` when no name is allowed.
 * @throws {TypeError} When a pattern is no host name with whole labels.
 */
export function createClientNameCheck(patterns: readonly string[]): (rpc: CertifiedRpc) => void {
  const allowed = patterns.map(compilePattern);
  const verdicts = new WeakMap<object, boolean>();
  const isAllowed = (rpc: CertifiedRpc): boolean => {
    const certificate = rpc.certificate();
    if (certificate === undefined) return false;
    return namesOf(certificate).some((name) => allowed.some((pattern) => pattern.test(name)));
  };
  return (rpc) => {
    if (allowed.length === 0) return;
    const { session } = rpc;
    let verdict = session ? verdicts.get(session) : undefined;
    if (verdict === undefined) {
      verdict = isAllowed(rpc);
      if (session) verdicts.set(session, verdict);
    }
    if (!verdict)
      throw new GatewayError(
        'ERR_TRANSPORT_CLIENT_NAME',
        'the client certificate carries no name that is allowed here',
      );
  };
}

function compilePattern(pattern: string): RegExp {
  if (!/^(?:\*|[\w-]+)(?:\.(?:\*|[\w-]+))*$/u.test(pattern))
    throw new TypeError(`not a client name or pattern: ${pattern}`);
  const source = pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '[^.]+');
  return new RegExp(`^${source}$`, 'iu');
}

/** One entry of Node's text form of the alternative names; what holds a comma or a quote comes quoted, as in JSON. */
const ALTERNATIVE_NAME = /([^:,]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/uy;

/**
 * The names a certificate carries: its common name, and its DNS names. Text that is not read to its end names nobody, so
 * that a name of another kind cannot smuggle in a DNS name.
 */
export function namesOf({
  subject,
  subjectaltname,
}: Pick<PeerCertificate, 'subject' | 'subjectaltname'>): readonly string[] {
  const commonName: unknown = subject?.CN;
  const names = [commonName].flat().filter((name) => typeof name === 'string');
  if (subjectaltname === undefined) return names;
  ALTERNATIVE_NAME.lastIndex = 0;
  const alternatives: string[] = [];
  while (ALTERNATIVE_NAME.lastIndex < subjectaltname.length) {
    const entry = ALTERNATIVE_NAME.exec(subjectaltname);
    if (entry === null) return names;
    if (entry[1] === 'DNS' && entry[2] !== undefined) alternatives.push(entry[2]);
  }
  return [...names, ...alternatives];
}
