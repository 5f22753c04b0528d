import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generate } from 'selfsigned';

/** A certificate that vouches for itself, in files. */
export interface SelfSigned {
  readonly files: { readonly cert: string; readonly key: string };
  /** In PEM. */
  readonly certificate: string;
  remove(): Promise<void>;
}

/** Makes the certificate of `localhost`: RSA with 2048 bits, or ECDSA over P-256. */
export async function createSelfSigned(keyType: 'rsa' | 'ec'): Promise<SelfSigned> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType,
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const folder = await mkdtemp(join(tmpdir(), 'byova-tls-'));
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  await Promise.all([writeFile(files.cert, cert), writeFile(files.key, key)]);
  return { files, certificate: cert, remove: () => rm(folder, { recursive: true }) };
}
