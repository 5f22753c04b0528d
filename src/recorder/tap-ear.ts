import type { VoiceActivityDetector } from '../audio/voice-activity.ts';
import type { KeyDetector } from '../conversation/ear.ts';
import type { CallRecording } from './call-recording.ts';

/** What an ear hears with. */
export interface Hearing {
  readonly detector: VoiceActivityDetector;
  readonly keys: KeyDetector | undefined;
}

/** Wraps what an ear hears with, so that its verdicts are taken down. @param note Never throws. */
export function tapEar(
  { detector, keys }: Hearing,
  note: (note: (recording: CallRecording) => void) => void,
): Hearing {
  return {
    detector: {
      isSpeech(pcm) {
        const isSpeech = detector.isSpeech(pcm);
        note((recording) => recording.frame(isSpeech));
        return isSpeech;
      },
      reset: () => detector.reset(),
      close: () => detector.close(),
    },
    keys: keys && {
      push(pcm) {
        const key = keys.push(pcm);
        if (keys.isKeyHeard || key !== undefined) note((recording) => recording.keySound(key));
        return key;
      },
      get isKeyHeard() {
        return keys.isKeyHeard;
      },
    },
  };
}
