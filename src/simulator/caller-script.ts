import type { JsonObject } from '../core/json.ts';

interface Timed {
  /**
   * Act while the prompt is playing. Default: wait until the answer to the action before is complete and was played, as a
   * polite caller does.
   */
  readonly bargeIn?: boolean;
  /** Act as soon as the action before has been sent, without waiting for its answer; keys are ignored then. */
  readonly atOnce?: boolean;
}

/**
 * What the simulated caller does next.
 *
 * `speak`: `audio` is µ-law, 8000 Hz, mono; `inBackground` goes on with the script meanwhile, and waits for no reaction.
 * `press`: `digits` over `0-9 A-D * #`. `no-input`: say nothing until the no-input timer runs out, or send the event at once
 * where none is set. `cancel`: the open RPCs are cancelled, as by a connection that breaks, and the call goes on. `hang-up`:
 * `how` says whether the event comes in an RPC of its own (default), inside the open audio RPC, or whether the call is
 * dropped without a word.
 */
export type CallerAction =
  | ({
      readonly type: 'speak';
      readonly audio: Uint8Array;
      readonly inBackground?: boolean;
    } & Timed)
  | ({ readonly type: 'press'; readonly digits: string } & Timed)
  | ({ readonly type: 'silence'; readonly ms: number } & Timed)
  | ({
      readonly type: 'custom-event';
      readonly name: string;
      readonly parameters?: JsonObject;
    } & Timed)
  | ({ readonly type: 'no-input' } & Timed)
  | { readonly type: 'wait-for-prompt-end' }
  | ({ readonly type: 'cancel' } & Timed)
  | ({ readonly type: 'hang-up'; readonly how?: 'own-rpc' | 'open-rpc' | 'drop' } & Timed);
