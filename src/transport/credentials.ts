import { readFile } from 'node:fs/promises';

import { ServerCredentials } from '@grpc/grpc-js';

/** Files of the server's certificate, in PEM. */
export interface TlsFiles {
  /** Certificate with its full chain. */
  readonly cert: string;
  readonly key: string;
  /** Demand a client certificate that one of these authorities signed. */
  readonly clientCa?: string;
}

/** Loads the credentials of the server; without files it speaks plaintext, for a balancer that ends TLS. */
export async function loadCredentials(files: TlsFiles | undefined): Promise<ServerCredentials> {
  if (files === undefined) return ServerCredentials.createInsecure();
  const [cert, key, clientCa] = await Promise.all([
    readFile(files.cert),
    readFile(files.key),
    files.clientCa === undefined ? null : readFile(files.clientCa),
  ]);
  return ServerCredentials.createSsl(
    clientCa,
    [{ cert_chain: cert, private_key: key }],
    clientCa !== null,
  );
}
