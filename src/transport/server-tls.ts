import type { SecureContextOptions } from 'node:tls';

import { ServerCredentials } from '@grpc/grpc-js';

import { runInBackground } from '../core/background.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import {
  type TlsFiles,
  type TlsMaterial,
  compileTlsMaterial,
  readTlsFiles,
} from './tls-material.ts';

/** The server's side of TLS. */
export interface ServerTls {
  readonly credentials: ServerCredentials;
  /** When the certificate in service expires, in milliseconds since the Unix epoch; `undefined` without TLS. */
  readonly certificateExpiresAtMs: () => number | undefined;
  /** Stops looking at the files. */
  close(): void;
}

/**
 * Between two looks at the files. They are read whole: a few kilobytes, and unlike a watch on an inode it sees a symbolic
 * link that is pointed elsewhere, as Kubernetes does it, and works on every file system.
 */
const POLL_MS = 10_000;
/** A change is taken when it stands for this long, for the files are seldom written at one instant. */
const SETTLE_MS = 1_000;
/** A handshake that takes longer is given up; Node.js would wait two minutes. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Loads the certificates and keeps them up to date: open connections live on with the certificate they began with, new
 * ones get the one that is in the files. What cannot be used is logged once and changes nothing.
 *
 * With `clientCaFile` a client without a certificate of that authority does not get past the handshake.
 *
 * @param files `undefined`: plaintext, for a balancer that ends TLS.
 * @throws {GatewayError} `ERR_TRANSPORT_TLS` when the files cannot be used at the start.
 */
export async function startServerTls(
  files: TlsFiles | undefined,
  deps: { readonly clock: Clock; readonly logger: Logger },
): Promise<ServerTls> {
  if (files === undefined)
    return {
      credentials: ServerCredentials.createInsecure(),
      certificateExpiresAtMs: () => undefined,
      close: () => undefined,
    };
  const first = await readTlsFiles(files);
  let material = compileTlsMaterial(first);
  const credentials = new ReloadableCredentials(
    {
      requestCert: files.clientCaFile !== undefined,
      rejectUnauthorized: files.clientCaFile !== undefined,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    material.context,
  );
  const poll = pollFiles(files, first.fingerprint, deps, (changed) => {
    material = changed;
    credentials.reload(changed.context);
  });
  return {
    credentials,
    certificateExpiresAtMs: () => material.expiresAtMs,
    close: poll.cancel,
  };
}

/** Looks at the files until cancelled, and hands over every change that can be used. */
function pollFiles(
  files: TlsFiles,
  firstFingerprint: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  onChange: (material: TlsMaterial) => void,
): Timer {
  /** What was last taken or refused, and what the last look found. */
  let settled = firstFingerprint;
  let seen = firstFingerprint;
  let timer: Timer | undefined;
  let isClosed = false;

  const look = async (): Promise<void> => {
    const found = await readOrFail(files);
    if (isClosed) return;
    const hasSettled = found.fingerprint === seen;
    seen = found.fingerprint;
    if (seen !== settled && hasSettled) {
      settled = seen;
      try {
        const material = found.compile();
        onChange(material);
        logEvent(logger, 'tls.reloaded', {
          expiresAt: new Date(material.expiresAtMs).toISOString(),
        });
      } catch (error) {
        logEvent(logger, 'tls.reload.failed', describeError(error));
      }
    }
    plan(seen === settled ? POLL_MS : SETTLE_MS);
  };
  const plan = (delayMs: number): void => {
    timer = clock.setTimer(delayMs, () =>
      runInBackground(look, (error) => {
        logEvent(logger, 'tls.reload.failed', describeError(error));
        plan(POLL_MS);
      }),
    );
  };
  plan(POLL_MS);
  return {
    cancel() {
      isClosed = true;
      timer?.cancel();
    },
  };
}

/** A file that is gone is one more content that cannot be used. */
async function readOrFail(
  files: TlsFiles,
): Promise<{ readonly fingerprint: string; readonly compile: () => TlsMaterial }> {
  try {
    const bytes = await readTlsFiles(files);
    return { fingerprint: bytes.fingerprint, compile: () => compileTlsMaterial(bytes) };
  } catch (error) {
    return {
      fingerprint: 'unreadable',
      compile() {
        throw error;
      },
    };
  }
}

/**
 * grpc-js asks for a subclass: its own credentials of this kind sit behind an experimental certificate provider, let
 * through no minimum version and no timeout, and refuse every connection while a file is broken.
 */
class ReloadableCredentials extends ServerCredentials {
  reload(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }
  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
