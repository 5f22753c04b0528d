import type { SecureContextOptions } from 'node:tls';
import { X509Certificate, createHash, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

import { GatewayError } from '../core/gateway-error.ts';

/** Files of the server's certificate, in PEM. */
export interface TlsFiles {
  /** Certificate with its full chain. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Demand a client certificate that one of these authorities signed. */
  readonly clientCaFile?: string | undefined;
}

/** What the files hold at one moment; nothing is checked yet. */
export interface TlsBytes {
  /** Same text: same content. Also says that a file could not be read. */
  readonly fingerprint: string;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}

/** Certificates that fit together. */
export interface TlsMaterial {
  readonly context: SecureContextOptions;
  /** When the first certificate of the chain expires, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/**
 * TLS 1.2 with the suites that HTTP/2 allows, and those of TLS 1.3.
 *
 * @see RFC 9113 section 9.2.2
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * Reads the files.
 *
 * @throws {GatewayError} `ERR_TRANSPORT_TLS` when one cannot be read.
 */
export async function readTlsFiles(files: TlsFiles): Promise<TlsBytes> {
  const { certFile, keyFile, clientCaFile } = files;
  const [cert, key, clientCa] = await Promise.all([
    readOne(certFile),
    readOne(keyFile),
    clientCaFile === undefined ? undefined : readOne(clientCaFile),
  ]);
  const hash = createHash('sha256');
  for (const bytes of [cert, key, clientCa])
    hash.update(`${bytes?.length ?? -1}:`).update(bytes ?? '');
  return { fingerprint: hash.digest('base64url'), cert, key, clientCa };
}

async function readOne(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new GatewayError('ERR_TRANSPORT_TLS', 'a TLS file cannot be read', {
      cause,
      detail: { file },
    });
  }
}

/**
 * Checks that the bytes are a certificate with its own key, and authorities when there are any.
 *
 * @throws {GatewayError} `ERR_TRANSPORT_TLS` when TLS could not be spoken with them.
 */
export function compileTlsMaterial({ cert, key, clientCa }: TlsBytes): TlsMaterial {
  const chain = parseCertificates(cert, 'certificate');
  if (clientCa !== undefined) parseCertificates(clientCa, 'client authority');
  const context: SecureContextOptions = {
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa }),
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
  };
  let isPair: boolean;
  try {
    isPair = chain[0]?.checkPrivateKey(createPrivateKey(key)) === true;
    if (isPair) createSecureContext(context);
  } catch (cause) {
    throw new GatewayError('ERR_TRANSPORT_TLS', 'the TLS files cannot be used', { cause });
  }
  if (!isPair)
    throw new GatewayError(
      'ERR_TRANSPORT_TLS',
      'the private key is not the one of the certificate',
    );
  return { context, expiresAtMs: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))) };
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu;

/** At least one certificate, the server's own first. */
function parseCertificates(pem: Buffer, what: string): readonly X509Certificate[] {
  const blocks = pem.toString('latin1').match(PEM_CERTIFICATE);
  if (blocks === null)
    throw new GatewayError('ERR_TRANSPORT_TLS', `the ${what} file holds no certificate in PEM`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new GatewayError('ERR_TRANSPORT_TLS', `the ${what} file holds a broken certificate`, {
      cause,
    });
  }
}
