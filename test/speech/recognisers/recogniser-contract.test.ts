import { describe } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import { BUILT_IN_RECOGNISERS } from '../../../src/speech/recognisers/registry.ts';
import { describeRecogniserContract } from '../../contracts/speech-recogniser.ts';
import { DEEPGRAM_KEY, startDeepgramServer } from '../../support/deepgram-server.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import type { RecogniserServer } from '../../support/recogniser-server.ts';
import {
  type ScriptedHearing,
  type ScriptedUtterance,
  createScriptedRecogniser,
} from '../../support/scripted-recogniser.ts';
import { startVoskServer } from '../../support/vosk-server.ts';

async function createServerRig(name: string, server: RecogniserServer, options: object) {
  const recogniser = await BUILT_IN_RECOGNISERS.get(name)?.create(
    { url: server.url, ...options },
    { logger: silentLogger, clock: createFakeClock() },
  );
  if (recogniser === undefined) throw new TypeError(`no recogniser ${name}`);
  return {
    recogniser,
    understand: (toText: (sound: Uint8Array) => string) =>
      server.behave({ type: 'answers', toText }),
    fail: () => server.behave({ type: 'drops' }),
    hang: () => server.behave({ type: 'hangs' }),
    untilHeard: (bytes: number) =>
      server.until(() => Buffer.concat(server.lines.at(-1)?.sound ?? []).length >= bytes),
    async close() {
      await recogniser.close();
      await server.close();
    },
  };
}

async function createScriptedRig() {
  let next: (heard: ScriptedHearing) => ScriptedUtterance = () => ({ type: 'hangs' });
  const recogniser = createScriptedRecogniser((heard) => next(heard), { clock: createFakeClock() });
  return {
    recogniser,
    understand(toText: (sound: Uint8Array) => string) {
      next = ({ audio }) => ({ type: 'says', text: toText(audio) });
    },
    fail() {
      next = () => ({ type: 'fails' });
    },
    hang() {
      next = () => ({ type: 'hangs' });
    },
    close: () => recogniser.close(),
  };
}

describe('every recogniser', () => {
  describeRecogniserContract('deepgram', async () =>
    createServerRig('deepgram', await startDeepgramServer(), { apiKey: DEEPGRAM_KEY }),
  );
  describeRecogniserContract('deepgram that does not mark the end', async () =>
    createServerRig('deepgram', await startDeepgramServer({ marksEnd: false }), {
      apiKey: DEEPGRAM_KEY,
    }),
  );
  describeRecogniserContract('vosk', async () =>
    createServerRig('vosk', await startVoskServer('python'), {}),
  );
  describeRecogniserContract('vosk in C++', async () =>
    createServerRig('vosk', await startVoskServer('cpp'), {}),
  );
  describeRecogniserContract('scripted', createScriptedRig);
});
