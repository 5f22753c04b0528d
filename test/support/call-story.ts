import type { CallEvent } from '../../src/simulator/call-event.ts';

/**
 * What went over the wire in a call, a line for each RPC in the order opened: what the caller sent, and after the colon what
 * came back. Pieces of sound that follow each other count as one `chunk`; a status is told when it is not OK.
 *
 * For example `audio: START_OF_INPUT END_OF_INPUT chunk final`, or `audio first-key:`, which was not answered.
 */
export function storyOf(events: readonly CallEvent[]): readonly string[] {
  const turns: { readonly sent: string[]; readonly received: string[] }[] = [];
  for (const event of events) {
    if (!('turn' in event)) continue;
    const { sent, received } = (turns[event.turn - 1] ??= { sent: [], received: [] });
    if (event.type === 'sent') sent.push(event.input);
    if (event.type === 'received') received.push(nameOf(event));
    if (event.type === 'rpc-closed' && event.status.code !== 0) received.push(event.status.name);
  }
  return turns.map(({ sent, received }) => {
    const told = received.filter((name, index) => name !== received[index - 1]);
    return `${sent.join(' ')}: ${told.join(' ')}`.trimEnd();
  });
}

function nameOf({ kind, event }: Extract<CallEvent, { readonly type: 'received' }>): string {
  if (kind === 'closing') return event ?? 'final';
  return kind === 'event-only' ? (event ?? kind) : kind;
}
