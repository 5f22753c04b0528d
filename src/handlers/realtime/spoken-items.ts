import type { ClientEvent } from './client-event.ts';
import { lengthMs } from './server-event.ts';

/** Items of one answer that are remembered; a model makes one or two. */
const MAX_ITEMS = 32;

/** What the model has spoken in the answer before, so that it can be told how much of it was heard. */
export interface SpokenItems {
  /** Counts sound that came from the server. */
  add(itemId: string, contentIndex: number, bytes: number): void;
  /** The response is whole: the server has no more of its sound than came. */
  complete(): void;
  /** Forgets everything: a new answer begins, or another connection, which knows no items. */
  reset(): void;
  /**
   * What to send when only the first `heardMs` were heard: the item that was being played is cut there, at most at what came
   * of it, and those behind it are deleted. One of which nothing was heard is deleted as well, for the server refuses to
   * cut at 0; a whole one that was heard to its end is left alone, for cutting takes its words away.
   */
  cutAt(heardMs: number): readonly ClientEvent[];
}

/** Creates an empty list. */
export function createSpokenItems(): SpokenItems {
  const items: {
    readonly id: string;
    readonly contentIndex: number;
    bytes: number;
    isWhole: boolean;
  }[] = [];
  const complete = (): void => {
    for (const item of items) item.isWhole = true;
  };
  return {
    add(itemId, contentIndex, bytes) {
      const item = items.find(({ id }) => id === itemId);
      if (item !== undefined) item.bytes += bytes;
      else if (items.length < MAX_ITEMS) {
        complete();
        items.push({ id: itemId, contentIndex, bytes, isWhole: false });
      }
    },
    complete,
    reset() {
      items.length = 0;
    },
    cutAt(heardMs) {
      let leftMs = Math.max(0, Math.floor(heardMs));
      return items.flatMap(({ id, contentIndex, bytes, isWhole }) => {
        const itemMs = lengthMs(bytes);
        const heard = Math.min(leftMs, itemMs);
        leftMs -= heard;
        if (heard === itemMs && isWhole) return [];
        if (heard > 0)
          return [
            {
              type: 'conversation.item.truncate',
              item_id: id,
              content_index: contentIndex,
              audio_end_ms: heard,
            },
          ];
        return [{ type: 'conversation.item.delete', item_id: id }];
      });
    },
  };
}
