import type { AudioFormat } from '../audio/audio-format.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { BargeIn } from '../handlers/bot-handler.ts';

/** Turns a stream of sound into telephone audio. */
interface SoundConverter {
  /** Takes the next piece, cut anywhere; gives what is ready: µ-law, 8000 Hz, mono. */
  push(piece: Uint8Array): Uint8Array;
  /** Gives what is left. */
  flush(): Uint8Array;
  close(): void;
}

/** Opens a converter for one stream of an answer. @throws {TypeError} When the format cannot be converted. */
export type OpenConverter = (format: AudioFormat | 'wav') => SoundConverter;

/** The sound that a bot gives in pieces, made into telephone audio with one state for a stream. */
export interface SoundStream {
  /** Whether a piece in `format` goes on with what came before. */
  isOf(format: AudioFormat | 'wav' | undefined): boolean;
  /**
   * Converts the next piece.
   *
   * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when it is no sound of that format.
   */
  convert(
    piece: unknown,
    format: AudioFormat | 'wav' | undefined,
    bargeIn: BargeIn | undefined,
  ): Uint8Array;
  /**
   * The last milliseconds of a stream that is over.
   *
   * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when it is a WAV file without sound.
   */
  end(): { readonly audio: Uint8Array; readonly bargeIn: BargeIn | undefined } | undefined;
  close(): void;
}

const RIFF = Buffer.from('RIFF');

/** Creates the stream of one answer; nothing is opened until a bot gives sound that must be converted. */
export function createSoundStream(openConverter: OpenConverter): SoundStream {
  let current:
    | { readonly key: string; readonly converter: SoundConverter; bargeIn: BargeIn | undefined }
    | undefined;
  const close = (): void => {
    current?.converter.close();
    current = undefined;
  };
  const open = (format: AudioFormat | 'wav'): SoundConverter => {
    try {
      return openConverter(format);
    } catch {
      throw wrong('has a format that cannot be converted');
    }
  };
  return {
    isOf: (format) => current?.key === keyOf(format),
    convert(piece, format, bargeIn) {
      if (format === undefined) return assertSound(piece);
      if (!(piece instanceof Uint8Array)) throw wrong('is not a Uint8Array');
      if (current?.key !== keyOf(format)) {
        close();
        current = { key: keyOf(format), converter: open(format), bargeIn };
      }
      current.bargeIn = bargeIn;
      try {
        return current.converter.push(piece);
      } catch {
        throw wrong('is not what its format says');
      }
    },
    end() {
      if (current === undefined) return undefined;
      const { bargeIn, converter } = current;
      try {
        return { audio: converter.flush(), bargeIn };
      } catch {
        throw wrong('ends before its sound begins');
      } finally {
        close();
      }
    },
    close,
  };
}

function keyOf(format: AudioFormat | 'wav' | undefined): string {
  if (format === undefined || format === 'wav') return format ?? '';
  return `${format.encoding} ${format.sampleRateHz}`;
}

/**
 * Checks ready sound: µ-law, 8000 Hz, mono, no header.
 *
 * @throws {GatewayError} `ERR_HANDLER_OUTPUT`.
 */
export function assertSound(audio: unknown): Uint8Array {
  if (!(audio instanceof Uint8Array)) throw wrong('is not a Uint8Array');
  // A header would be heard as a crackle, and what follows it is seldom µ-law.
  if (RIFF.every((byte, index) => audio[index] === byte))
    throw wrong('is a WAV file, not raw µ-law');
  return audio;
}

function wrong(what: string): GatewayError {
  return new GatewayError('ERR_HANDLER_OUTPUT', `audio of the bot ${what}`);
}
