import { type RecogniserServer, startRecogniserServer } from './recogniser-server.ts';

/** The key that the stand-in asks for. */
export const DEEPGRAM_KEY = 'dg-canary-key-5f1c';

/** What a query must say for sound of the telephone, and what it may. */
const REQUIRED = { encoding: 'mulaw', sample_rate: '8000', channels: '1', endpointing: 'false' };
const ALLOWED = [
  ...Object.keys(REQUIRED),
  'model',
  'interim_results',
  'language',
  'keyterm',
  'mip_opt_out',
  'smart_format',
  'tag',
];

/**
 * Starts a stand-in for the streaming API of Deepgram that takes nothing it does not know.
 *
 * The final text comes in pieces. What it says between is noise that a client must pass over.
 *
 * @param options.marksEnd Whether the last piece says that it is the last, which the real one does not promise.
 * @see https://developers.deepgram.com/reference/speech-to-text/listen-streaming
 */
export function startDeepgramServer(
  options: {
    readonly marksEnd?: boolean;
    readonly tls?: { readonly cert: string; readonly key: string };
  } = {},
): Promise<RecogniserServer> {
  const { marksEnd = true, tls } = options;
  return startRecogniserServer(
    {
      path: '/v1/listen',
      admit({ url, headers }) {
        if (url.pathname !== '/v1/listen') return 404;
        if (headers.authorization !== `Token ${DEEPGRAM_KEY}`) return 401;
        for (const [name, value] of Object.entries(REQUIRED))
          if (url.searchParams.get(name) !== value) return 400;
        return [...url.searchParams.keys()].every((name) => ALLOWED.includes(name))
          ? undefined
          : 400;
      },
      talk(line, { behaviour, send, hangUp, violate }) {
        const wantsGuesses = line.url.searchParams.get('interim_results') === 'true';
        const say = (transcript: string, flags: object): void =>
          send({
            type: 'Results',
            channel_index: [0, 1],
            duration: 1,
            start: 0,
            channel: { alternatives: [{ transcript, confidence: 0.5, words: [] }] },
            ...flags,
          });
        let isClosing = false;
        return (data, isBinary) => {
          if (isClosing) violate('something after CloseStream');
          if (isBinary) {
            if (data.length === 0) violate('an empty message');
            if (line.sound.length === 1) send({ type: 'SpeechStarted', channel: [0, 1] });
            if (wantsGuesses) say(`guess ${line.sound.length}`, { is_final: false });
            return;
          }
          switch (data.toString('utf8')) {
            case '{"type":"Finalize"}': {
              if (behaviour.type !== 'answers') return;
              const words = behaviour.toText(Buffer.concat(line.sound)).split(' ');
              for (const [index, word] of words.entries()) {
                if (wantsGuesses) say(`${word}?`, { is_final: false });
                const isLast = marksEnd && index === words.length - 1;
                say(word, { is_final: true, ...(isLast ? { from_finalize: true } : {}) });
              }
              return;
            }
            case '{"type":"CloseStream"}':
              isClosing = true;
              if (behaviour.type !== 'answers') return;
              send({ type: 'Metadata', request_id: 'r', duration: 1, channels: 1 });
              hangUp(1000);
              return;
            default:
              violate('an unknown message');
          }
        };
      },
    },
    tls,
  );
}
