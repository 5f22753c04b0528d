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

/**
 * Between two looks at the files. They are read whole: a few kilobytes, and unlike a watch on an inode it sees a symbolic
 * link that is pointed elsewhere, as Kubernetes does it, and works on every file system.
 */
const POLL_MS = 10_000;
/** A change is taken when it stands for this long, for the files are seldom written at one instant. */
const SETTLE_MS = 1_000;
/**
 * Looks at the files until cancelled, and hands over every change that can be used; what cannot is logged once.
 *
 * @param firstFingerprint Of what was read at the start.
 */
export function pollTlsFiles(
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
