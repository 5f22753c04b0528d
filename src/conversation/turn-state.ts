/**
 * Where one RPC stands.
 *
 * `opened`: nothing has come that needs an answer. `listening`: caller audio is heard. `streaming`: the caller speaks, and
 * the bot hears it already. `collecting`: digits come. `answering`: the input is complete and the bot speaks; more of the caller's audio is dropped. `done`: the RPC was
 * completed, failed, or cancelled.
 */
export type TurnState = 'opened' | 'listening' | 'streaming' | 'collecting' | 'answering' | 'done';

/** The legal moves; `done` is reached from everywhere and never left. */
const NEXT_STATES: Readonly<Record<TurnState, readonly TurnState[]>> = {
  opened: ['listening', 'collecting', 'answering', 'done'],
  listening: ['streaming', 'collecting', 'answering', 'done'],
  streaming: ['listening', 'collecting', 'answering', 'done'],
  collecting: ['answering', 'done'],
  answering: ['done'],
  done: [],
};

/**
 * Checks a move from one state to another.
 *
 * @throws {TypeError} When it is not a legal one.
 */
export function assertMove(from: TurnState, to: TurnState): void {
  if (!NEXT_STATES[from].includes(to))
    throw new TypeError(`a turn cannot move from ${from} to ${to}`);
}
