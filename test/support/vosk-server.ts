import { decodeLinear16 } from '../../src/audio/linear16.ts';
import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { type RecogniserServer, startRecogniserServer } from './recogniser-server.ts';

/** Sound of every so many messages ends a sentence, as the real one finds sentences by itself. */
const SENTENCE_MESSAGES = 3;
const GUESS = { partial: '[unk] guess' };

/**
 * Starts a stand-in for vosk-server, strict about order and format. It answers one message late, as a busy one.
 *
 * @param language `python` answers sound only and hangs up at the end; `cpp` takes the configuration for sound, answers the
 * end with a binary message, and waits for the client to hang up. Both are as the real ones do.
 * @see https://github.com/alphacep/vosk-server, websocket/asr_server.py and websocket-cpp/asr_server.cpp
 */
export function startVoskServer(language: 'python' | 'cpp' = 'python'): Promise<RecogniserServer> {
  return startRecogniserServer({
    path: '/',
    admit: () => undefined,
    talk(line, { behaviour, send, hangUp, violate }) {
      let hasEnded = false;
      const understand = (): object => {
        if (behaviour.type !== 'answers') return { text: '' };
        const words = behaviour.toText(toMulaw(Buffer.concat(line.sound))).split(' ');
        const result = words.map((word) => ({ word, conf: 0.5, start: 0, end: 1 }));
        return { result, text: words.join(' ') };
      };
      const hasSentence = (): boolean => line.sound.length % SENTENCE_MESSAGES === 0;
      return (data, isBinary) => {
        if (hasEnded) violate('something after the end');
        if (isBinary) {
          if (line.texts.length !== 1) violate('sound before the configuration');
          if (data.length === 0 || data.length % 2 === 1) violate('half a sample');
          if (line.sound.length > 1)
            send((line.sound.length - 1) % SENTENCE_MESSAGES === 0 ? { text: '' } : GUESS);
          return;
        }
        const text = data.toString('utf8');
        if (text === '{"eof" : 1}') {
          hasEnded = true;
          if (behaviour.type !== 'answers') return;
          // A sentence that ends with the sound has everything in it, and nothing is left for the end.
          send(hasSentence() ? understand() : GUESS);
          send(hasSentence() ? { text: '' } : understand(), language === 'cpp');
          if (language === 'python') hangUp(1000);
          return;
        }
        const { config } = JSON.parse(text) as { readonly config?: { sample_rate?: unknown } };
        if (config?.sample_rate !== 8000 || line.texts.length !== 1 || line.sound.length > 0)
          violate('a wrong configuration');
        if (language === 'cpp') send({ partial: '' });
      };
    },
  });
}

function toMulaw(linear16: Uint8Array): Uint8Array {
  const pcm = new Int16Array(linear16.length / 2);
  decodeLinear16(linear16, pcm);
  return encodeMulaw(pcm);
}
