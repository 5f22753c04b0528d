import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';

import type { Config } from '../config/config.ts';
import { isGatewayError } from '../core/gateway-error.ts';
import { compileTlsMaterial, readTlsFiles } from '../transport/tls-material.ts';
import { type Finding, quote, right, risk, wrong } from './doctor-finding.ts';
import { formatSpan } from './doctor-words.ts';

/** Who renews by hand needs some time for it; who does it by machine has done it before. */
const SOON_MS = 21 * 24 * 3_600_000;
const MAX_SHOWN_NAMES = 5;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu;

/** Says how long a certificate is still valid. */
export function examineValidity(certificate: X509Certificate, nowMs: number): Finding {
  const advice = 'renew it';
  const startsInMs = Date.parse(certificate.validFrom) - nowMs;
  const endsInMs = Date.parse(certificate.validTo) - nowMs;
  if (startsInMs > 0)
    return wrong(
      `the certificate is not valid before ${formatSpan(startsInMs)} from now`,
      'check the clock',
    );
  if (endsInMs <= 0)
    return wrong(`the certificate expired ${formatSpan(endsInMs)} ago`, `${advice} now`);
  const text = `the certificate expires in ${formatSpan(endsInMs)}`;
  return endsInMs < SOON_MS ? risk(text, advice) : right(text);
}

/** Whether a certificate is for a host: `undefined` when it is, else the names that it is for. */
export function namesInsteadOf(host: string, certificate: X509Certificate): string | undefined {
  const isFor =
    isIP(host) === 0
      ? certificate.checkHost(host, { subject: 'never' }) !== undefined
      : certificate.checkIP(host) !== undefined;
  if (isFor) return undefined;
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .map((name) => name.replace(/^(?:DNS|IP Address):/u, ''))
    .filter((name) => name !== '');
  if (names.length === 0) return 'no name at all';
  const shown = names.slice(0, MAX_SHOWN_NAMES).map(quote).join(', ');
  return names.length > MAX_SHOWN_NAMES ? `${shown} and others` : shown;
}

/** Whether a certificate vouches for itself. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

/**
 * Examines the certificate files of the gRPC server. Nothing is said of files that cannot be read: whoever checks that
 * files exist does.
 */
export async function examineCertificateFiles(
  tls: NonNullable<Config['grpc']['tls']>,
  hosts: readonly string[],
  nowMs: number,
): Promise<readonly Finding[]> {
  const bytes = await readTlsFiles(tls).catch(() => undefined);
  if (bytes === undefined) return [];
  try {
    compileTlsMaterial(bytes);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return [
      wrong(
        `grpc.tls: ${error.message}`,
        'write the certificate, its chain and its own key to the files, in PEM',
        error.code,
      ),
    ];
  }
  const chain = (bytes.cert.toString('latin1').match(PEM_CERTIFICATE) ?? []).map(
    (block) => new X509Certificate(block),
  );
  const [leaf] = chain;
  if (leaf === undefined) return [];
  return [
    right('grpc.tls: the key is the one of the certificate'),
    examineValidity(leaf, nowMs),
    examineChain(leaf, chain),
    ...hosts.map((host) => examineHost(host, leaf)),
  ];
}

function examineChain(leaf: X509Certificate, chain: readonly X509Certificate[]): Finding {
  if (isSelfSigned(leaf))
    return risk(
      'the certificate is self-signed',
      'Webex trusts public authorities only: get one from them, or end TLS in front with such a one',
    );
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    if (next !== undefined && !isIssuedBy(certificate, next))
      return wrong(
        `the chain is broken: certificate ${index + 1} of the file is not signed by the one after it`,
        'put the certificate first, then the one that signed it, and so on',
      );
  }
  const last = chain.at(-1) ?? leaf;
  const roots = rootCertificates.map((pem) => new X509Certificate(pem));
  if (roots.some((root) => root.fingerprint256 === last.fingerprint256 || isIssuedBy(last, root)))
    return right('the chain leads to a public authority');
  return chain.length === 1
    ? risk(
        'the file holds one certificate, and no public authority signed it itself',
        'append the intermediate certificates to the file',
      )
    : risk(
        'the chain leads to an authority that is not public',
        'Webex trusts public authorities only: get a certificate from one of them',
      );
}

function examineHost(host: string, leaf: X509Certificate): Finding {
  const names = namesInsteadOf(host, leaf);
  return names === undefined
    ? right(`the certificate is for ${host}`)
    : risk(
        `the certificate is for ${names}, not for ${host} of a data source`,
        'get one for that name, unless TLS ends in front of the gateway',
      );
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
