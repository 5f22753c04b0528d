import { LRUCache } from 'lru-cache';

import { abortable } from '../core/abort.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';

/** Options of {@link createCachedSynthesiser}. */
export interface SpeechCacheOptions {
  /** Most sound and text that is remembered, in bytes, at least 1. Default 32 MiB: an hour of speech. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;

interface Work {
  readonly audio: Promise<Uint8Array>;
  readonly controller: AbortController;
  listeners: number;
}

/**
 * Puts a memory in front of `engine`, the least recently used sound forgotten first.
 *
 * The same text gives the identical array as long as it is remembered. Those who ask for a text that is being made share
 * the work; it is called off when none of them waits any more. Failures are not remembered.
 *
 * @returns A synthesiser that owns `engine`: closing it closes both.
 */
export function createCachedSynthesiser(
  engine: SpeechSynthesiser,
  options: SpeechCacheOptions = {},
): SpeechSynthesiser {
  const remembered = new LRUCache<string, Uint8Array>({
    maxSize: options.maxBytes ?? DEFAULT_MAX_BYTES,
    sizeCalculation: (audio, text) => audio.length + text.length * 2 + 1,
  });
  /** Bounded by the engine, which refuses what it has no room for. */
  const underWay = new Map<string, Work>();

  const begin = (text: string): Work => {
    const controller = new AbortController();
    const make = async (): Promise<Uint8Array> => {
      try {
        const audio = await engine.synthesise(text, controller.signal);
        remembered.set(text, audio);
        return audio;
      } finally {
        if (underWay.get(text) === work) underWay.delete(text);
      }
    };
    const work: Work = { audio: Promise.resolve().then(make), controller, listeners: 0 };
    underWay.set(text, work);
    return work;
  };

  return {
    async synthesise(text, signal) {
      const audio = remembered.get(text);
      if (audio !== undefined) return audio;
      const work = underWay.get(text) ?? begin(text);
      work.listeners++;
      try {
        return await abortable(work.audio, signal);
      } finally {
        work.listeners--;
        if (work.listeners === 0) {
          if (underWay.get(text) === work) underWay.delete(text);
          work.controller.abort();
        }
      }
    },
    waiting: engine.waiting,
    close: () => engine.close(),
  };
}
