import { isRecord } from '../core/json.ts';
import { decodePackets } from './packets.ts';
import {
  RECORDING_FORMAT,
  RECORDING_VERSION,
  type Recording,
  type RecordingEntry,
  entrySchema,
  headerSchema,
} from './recording-format.ts';

/** A file that cannot be replayed; the message says why, in words of ours only. */
export class RecordingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RecordingError';
  }
}

/** The largest file that a recorder writes, and a little more. */
export const MAX_RECORDING_BYTES = 65 * 1_048_576;
const MAX_ENTRIES = 500_000;
/** Eleven hours of sound in packets of 20 ms. */
const MAX_PACKETS = 2_000_000;

/**
 * Reads a recording, of which nothing is taken for granted.
 *
 * @throws {RecordingError} When it is none, of another version, cut off, or damaged; the line is named.
 */
export function readRecording(text: string): Recording {
  const lines = text.split('\n', MAX_ENTRIES + 3);
  if (lines.length > MAX_ENTRIES + 2) throw new RecordingError('it has too many lines');
  const [first = '', ...others] = lines;
  const header = headerSchema.safeParse(parseHeader(first));
  if (!header.success) throw new RecordingError('line 1 is damaged: no header of a recording');
  if (others.pop() !== '')
    throw new RecordingError(`line ${others.length + 2} is cut off: the file is not complete`);
  let packets = 0;
  const entries = others.map((line, index): RecordingEntry => {
    const { data } = entrySchema.safeParse(parseJson(line));
    if (data === undefined) throw new RecordingError(`line ${index + 2} is damaged`);
    if (data.type === 'audio') {
      const decoded = decodePackets(data.at, data.packets, MAX_PACKETS - packets);
      if (decoded === undefined) throw new RecordingError(`line ${index + 2} is damaged`);
      packets += decoded.length;
    }
    return data;
  });
  if (entries.length === 0) throw new RecordingError('nothing was recorded');
  return { header: header.data, entries };
}

function parseHeader(line: string): unknown {
  const header = parseJson(line);
  if (!isRecord(header) || header['format'] !== RECORDING_FORMAT)
    throw new RecordingError('it is no recording of byova');
  const { version } = header;
  if (version === RECORDING_VERSION) return header;
  const shown = typeof version === 'number' ? String(version) : 'unknown';
  throw new RecordingError(
    `it has format version ${shown}, and this build reads version ${RECORDING_VERSION}: ` +
      'replay it with the build that recorded it',
  );
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
