import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import type { WebexTls } from '../simulator/caller.ts';
import { examineValidity, isSelfSigned, namesInsteadOf } from './doctor-certificate.ts';
import { hostOf, isLoopback } from './doctor-config.ts';
import { type Finding, right, risk, wrong } from './doctor-finding.ts';
import { type Handshake, shakeHands } from './doctor-handshake.ts';
import { examineServices } from './doctor-services.ts';
import { codeOf, describeNetworkFailure } from './doctor-words.ts';

/** What an endpoint is examined with. */
export interface EndpointDeps {
  readonly now: () => number;
  /** Longest wait for each step, in milliseconds. */
  readonly timeoutMs: number;
  /** Roots to trust instead of the machine's, and a client certificate. */
  readonly tls?: Omit<WebexTls, 'serverName'>;
}

const MAX_SHOWN_ADDRESSES = 3;

/**
 * Examines the way to a gateway as Webex goes it: DNS, TCP, TLS, HTTP/2, the services. A step that fails ends it, since the
 * steps after it would only fail in its stead.
 *
 * @param url `https`, or `http` for plaintext; its path is of no account.
 */
export async function examineEndpoint(url: URL, deps: EndpointDeps): Promise<readonly Finding[]> {
  const host = hostOf(url);
  const isTls = url.protocol === 'https:';
  const port = Number(url.port || (isTls ? 443 : 80));
  const target = `${url.hostname}:${port}`;
  const name = await examineName(host, deps.timeoutMs);
  if (name?.level === 'wrong') return [name];
  const before = name === undefined ? [] : [name];
  if (!isTls)
    return [
      ...before,
      risk('the URL is http: plaintext', 'Webex connects with TLS only; this is for development'),
      ...(await examineServices({ target }, deps.timeoutMs)),
    ];
  const shaken = await shakeHands({ host, port, ...deps });
  if (shaken.type === 'failed')
    return [...before, ...explainFailure(target, shaken.code, shaken.isConnected)];
  const findings = [...before, ...examineHandshake(host, shaken, deps)];
  if (findings.some(({ level }) => level === 'wrong'))
    return [
      ...findings,
      risk('the services were not asked: Webex would not get that far', 'mend the above first'),
    ];
  const tls = deps.tls ?? {};
  return [...findings, ...(await examineServices({ target, tls }, deps.timeoutMs))];
}

async function examineName(host: string, timeoutMs: number): Promise<Finding | undefined> {
  if (isIP(host) !== 0)
    return isLoopback(host)
      ? undefined
      : risk(`${host} is an address`, 'register a name: certificates are for names');
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  try {
    const late = new Promise<never>((_resolve, reject) => {
      limit.signal.addEventListener('abort', () =>
        reject(Object.assign(new Error('late'), { code: 'EAI_AGAIN' })),
      );
    });
    const found = await Promise.race([lookup(host, { all: true }), late]);
    const shown = found.slice(0, MAX_SHOWN_ADDRESSES).map(({ address }) => address);
    return right(`${host} is ${shown.join(', ')}${found.length > shown.length ? ', …' : ''}`);
  } catch (error) {
    return wrong(`${host} ${describeNetworkFailure(codeOf(error))}`, 'check the name and its DNS');
  } finally {
    clearTimeout(timer);
  }
}

function explainFailure(
  target: string,
  code: string | undefined,
  isConnected: boolean,
): readonly Finding[] {
  const text = `${target} ${describeNetworkFailure(code)}`;
  return isConnected
    ? [right(`${target} accepts connections`), wrong(text, 'see what ends TLS there')]
    : [wrong(text, 'check that a server listens there and that no firewall is in the way')];
}

function examineHandshake(
  host: string,
  { certificate, protocol, alpn, trustFailure }: Handshake,
  { now, tls }: EndpointDeps,
): readonly Finding[] {
  const names = namesInsteadOf(host, certificate);
  return [
    right(`it speaks ${protocol.replace('v', ' ')}`),
    examineTrust(isSelfSigned(certificate), trustFailure, tls?.ca !== undefined),
    names === undefined
      ? right(`the certificate is for ${host}`)
      : wrong(
          `this certificate is for ${names}, not for ${host}`,
          'get a certificate for the name that is registered',
        ),
    examineValidity(certificate, now()),
    alpn === 'h2'
      ? right('ALPN is h2')
      : wrong(
          `ALPN is not h2, it is ${alpn ?? 'missing'}: the balancer speaks HTTP/1.1 to clients`,
          'switch HTTP/2 on where TLS ends',
        ),
  ];
}

function examineTrust(
  isOwnIssuer: boolean,
  failure: string | undefined,
  hasOwnRoots: boolean,
): Finding {
  const advice = 'get a certificate from a public authority, and serve it with its chain';
  // Its validity has a line of its own.
  const isTrusted =
    failure === undefined ||
    failure === 'CERT_HAS_EXPIRED' ||
    failure === 'CERT_NOT_YET_VALID' ||
    failure === 'ERR_TLS_CERT_ALTNAME_INVALID';
  if (isTrusted && hasOwnRoots)
    return risk(
      'the certificate is trusted by the given authorities',
      'Webex has to trust them as well',
    );
  if (isTrusted) return right('the certificate is of a trusted authority');
  return isOwnIssuer
    ? wrong('the certificate is self-signed', advice)
    : wrong(`the server ${describeNetworkFailure(failure)}`, advice);
}
