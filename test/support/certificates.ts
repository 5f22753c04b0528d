import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generate } from 'selfsigned';

import type { TlsFiles } from '../../src/transport/tls-material.ts';

/** A certificate with its chain and its key, in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Somebody who signs certificates. */
export interface TestAuthority extends TestCertificate {
  /** A certificate for these DNS names; the first is the common name too, unless one is given. */
  issue(names: readonly string[], options?: IssueOptions): Promise<TestCertificate>;
  /** An authority below this one; what it issues brings its certificate along. */
  createIntermediate(name: string): Promise<TestAuthority>;
}

interface IssueOptions {
  readonly commonName?: string;
  readonly expiresAt?: Date;
}

/** Makes a root authority with a fresh key (ECDSA P-256, which is quick). */
export function createAuthority(name: string): Promise<TestAuthority> {
  return createSigner(name, undefined, '');
}

async function createSigner(
  name: string,
  ca: TestCertificate | undefined,
  chain: string,
): Promise<TestAuthority> {
  const own = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
    ...(ca === undefined ? {} : { ca }),
  });
  const signer = { cert: own.cert, key: own.private };
  const chainBelow = ca === undefined ? '' : `${own.cert}\n${chain}`;
  return {
    ...signer,
    createIntermediate: (below) => createSigner(below, signer, chainBelow),
    async issue(names, { commonName = names[0] ?? 'nobody', expiresAt } = {}) {
      const leaf = await generate([{ name: 'commonName', value: commonName }], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca: signer,
        extensions: [
          { name: 'basicConstraints', cA: false, critical: true },
          { name: 'keyUsage', digitalSignature: true, critical: true },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          {
            name: 'subjectAltName',
            altNames: [
              ...names.map((value) => ({ type: 2 as const, value })),
              { type: 7 as const, ip: '127.0.0.1' },
            ],
          },
        ],
        ...(expiresAt === undefined ? {} : { notAfterDate: expiresAt }),
      });
      return { cert: `${leaf.cert}\n${chainBelow}`, key: leaf.private };
    },
  };
}

/** Writes the files of a server into a folder of their own. */
export async function writeTlsFiles(
  { cert, key }: TestCertificate,
  clientCa?: string,
): Promise<Required<TlsFiles> & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-tls-'));
  const files = {
    folder,
    certFile: join(folder, 'tls.crt'),
    keyFile: join(folder, 'tls.key'),
    clientCaFile: clientCa === undefined ? undefined : join(folder, 'ca.crt'),
  };
  await Promise.all([
    writeFile(files.certFile, cert),
    writeFile(files.keyFile, key),
    files.clientCaFile === undefined ? undefined : writeFile(files.clientCaFile, clientCa ?? ''),
  ]);
  return files;
}
