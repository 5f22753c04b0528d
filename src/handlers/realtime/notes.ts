import { isRecord } from '../../core/json.ts';
import type { BotCall } from '../bot-handler.ts';

/** Where the notes stand in `call.state`. */
const STATE_KEY = 'realtime';
const MAX_NOTES = 64;
const MAX_NOTE_LENGTH = 2000;

/** One thing that was said, as far as its words are known; an empty one is not known, or not yet. */
export interface Note {
  readonly role: 'user' | 'assistant' | 'system';
  text: string;
}

/** What was said in a call, bounded: the oldest is forgotten. It outlives the connection and the process. */
export interface Notes {
  all(): readonly Note[];
  add(role: Note['role'], text: string): Note;
  /** Replaces the words of a note; without words it is passed over. */
  change(note: Note, text: string): void;
}

/** Opens the notes that are kept in the state of `call`. */
export function openNotes(call: BotCall): Notes {
  const read = (): Note[] => {
    const kept = call.state[STATE_KEY];
    // Others may have written the state; what is no note is none.
    return Array.isArray(kept) ? kept.filter(isNote) : [];
  };
  return {
    all: () => read().filter(({ text }) => text !== ''),
    add(role, text) {
      const note: Note = { role, text: text.slice(0, MAX_NOTE_LENGTH) };
      call.state[STATE_KEY] = [...read(), note].slice(-MAX_NOTES);
      return note;
    },
    change(note, text) {
      note.text = text.slice(0, MAX_NOTE_LENGTH);
    },
  };
}

function isNote(value: unknown): value is Note {
  if (!isRecord(value) || typeof value['text'] !== 'string') return false;
  return value['role'] === 'user' || value['role'] === 'assistant' || value['role'] === 'system';
}
