import type { TurnLatency } from '../simulator/call-event.ts';

/** Writes a number of bytes for a person: `812 B`, `40.2 KB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} KB`;
}

/** Writes a length of time for a person: `0.4 ms`, `24 ms`, `1.20 s`. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** What the caller waited for in one RPC. */
export function formatLatency({ endOfInputMs, firstAudioMs, completedMs }: TurnLatency): string {
  const parts = [
    endOfInputMs === undefined ? '' : `end of input +${formatMs(endOfInputMs)}`,
    firstAudioMs === undefined ? '' : `first audio +${formatMs(firstAudioMs)}`,
    `completed +${formatMs(completedMs)}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}
