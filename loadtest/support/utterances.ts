import { FRAME_MS, FRAME_SAMPLES, MULAW_SILENCE } from '../../src/audio/audio-format.ts';
import { createEndpointer } from '../../src/audio/endpointer.ts';
import { gateVoiceActivity } from '../../src/audio/gate-voice-activity.ts';
import { decodeMulaw } from '../../src/audio/mulaw.ts';
import { loadVoiceActivity, type VoiceActivityEngine } from '../../src/audio/voice-activity.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createFliteSynthesiser } from '../../src/speech/flite-synthesiser.ts';

/** What a caller says, and where the gateway must find its edges. */
export interface Utterance {
  /** µ-law, 8000 Hz, mono; begins with the first frame that is loud. */
  readonly audio: Uint8Array;
  /** From the beginning of the sound to that of the frame with which the endpointer decides that it is speech. */
  readonly onsetMs: number;
  /** The same for the end of the utterance, in the silence behind it. */
  readonly endMs: number;
}

const SENTENCES = [
  'I would like to book a table.',
  'Are you still there?',
  'Could you say that again?',
  'Anything else today?',
];
const VOICES = ['kal', 'rms'] as const;
const LEAD_FRAMES = 100;
const TAIL_FRAMES = 150;
/** A frame is loud when its peak is a tenth of that of the whole. */
const LOUD = 0.1;

/**
 * Speaks a few sentences in two voices, and finds their edges with the gateway's own engines and default settings.
 *
 * @param quiet What is on the line while nobody speaks, in frames of 20 ms, again and again; default: silence.
 */
export async function speakUtterances(
  quiet: readonly Uint8Array[] = [new Uint8Array(FRAME_SAMPLES).fill(MULAW_SILENCE)],
): Promise<readonly Utterance[]> {
  const engine = gateVoiceActivity(await loadVoiceActivity());
  const spoken = VOICES.map(async (voice) => {
    const synthesiser = createFliteSynthesiser({ voice }, { clock: systemClock });
    try {
      const { signal } = new AbortController();
      return await Promise.all(
        SENTENCES.map((sentence) => synthesiser.synthesise(sentence, signal)),
      );
    } finally {
      await synthesiser.close();
    }
  });
  return (await Promise.all(spoken))
    .flat()
    .map((audio) => findEdges(trimStart(audio), engine, quiet));
}

function trimStart(audio: Uint8Array): Uint8Array {
  const pcm = new Int16Array(audio.length);
  decodeMulaw(audio, pcm);
  const peak = pcm.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const first = pcm.findIndex((sample) => Math.abs(sample) > peak * LOUD);
  return audio.subarray(first - (first % FRAME_SAMPLES));
}

function findEdges(
  audio: Uint8Array,
  engine: VoiceActivityEngine,
  quiet: readonly Uint8Array[],
): Utterance {
  const frames = LEAD_FRAMES + Math.ceil(audio.length / FRAME_SAMPLES) + TAIL_FRAMES;
  const line = new Uint8Array(frames * FRAME_SAMPLES);
  for (let frame = 0; frame < frames; frame++)
    line.set(quiet[frame % quiet.length] ?? audio, frame * FRAME_SAMPLES);
  line.set(audio, LEAD_FRAMES * FRAME_SAMPLES);
  const detector = engine.open();
  const endpointer = createEndpointer();
  const pcm = new Int16Array(FRAME_SAMPLES);
  let onset = Number.NaN;
  let end = Number.NaN;
  for (let frame = 0; frame < frames; frame++) {
    decodeMulaw(line.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES), pcm);
    const edge = endpointer.push(detector.isSpeech(pcm));
    if (edge === 'speech-start') onset = frame - LEAD_FRAMES;
    if (edge === 'speech-end') end = frame - LEAD_FRAMES;
  }
  detector.close();
  return { audio, onsetMs: onset * FRAME_MS, endMs: end * FRAME_MS };
}
