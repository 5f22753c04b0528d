import type { AudioFormat } from '../audio/audio-format.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ListenSettings } from './listen-settings.ts';

/**
 * One phone call as a bot sees it. The same object is handed to a bot for the whole call as long as the call stays in
 * this process, so a bot may key a `WeakMap` on it; what must outlive the process goes into `state`.
 */
export interface BotCall {
  readonly conversationId: string;
  /** UUID of the customer's organisation. */
  readonly organisationId: string;
  /** The virtual agent's id in the catalogue. */
  readonly agentId: string;
  /** Language of the caller's audio, such as `en-US`; empty when Webex did not say. */
  readonly language: string;
  /** Parameters of the session start event, as set in the flow. */
  readonly parameters: JsonObject;
  /** The opaque text of the Control Hub configuration (`vendor_specific_config`). */
  readonly vendorConfig: string;
  /** The bot's own notes; JSON values that survive from turn to turn. */
  readonly state: Record<string, unknown>;
  readonly logger: Logger;
}

/** What the caller did, once the gateway has collected it. */
export type BotInput =
  | { readonly type: 'start'; readonly name: string; readonly parameters: JsonObject }
  | { readonly type: 'digits'; readonly digits: string; readonly sensitive: boolean }
  | {
      readonly type: 'speech';
      /** What the caller said: µ-law, 8000 Hz, mono. Empty unless the handler `hears` utterances. */
      readonly audio: Uint8Array;
      readonly durationMs: number;
      /** What a recogniser understood, where one is configured. */
      readonly text: string | undefined;
      readonly sensitive: boolean;
    }
  | {
      /**
       * The caller has begun to speak; only for a handler that `hears` streams, instead of `speech`. What the handler says
       * while the caller still speaks ends the caller's input.
       */
      readonly type: 'speech-stream';
      /**
       * What the caller says, as it comes: µ-law, 8000 Hz, mono, pieces of 20 ms and more, from shortly before the first
       * sound until the utterance is complete. Can be read once. Of a reader that is slow, what comes after the longest
       * utterance is dropped.
       */
      readonly audio: AsyncIterable<Uint8Array>;
      readonly sensitive: boolean;
    }
  | { readonly type: 'no-input' }
  | { readonly type: 'custom-event'; readonly name: string; readonly parameters: JsonObject };

/**
 * What a bot gives back, in the order in which it is to happen.
 *
 * `transfer`, `end` and `give-up` take effect after the prompts of the answer wherever they stand; a bot that yields them
 * before its last words makes sure that these cannot be interrupted.
 */
export type BotOutput =
  /** Speak `text` with the gateway's synthesiser. */
  | { readonly type: 'say'; readonly text: string; readonly bargeIn?: BargeIn }
  /**
   * Play sound. Without `format`: µ-law, 8000 Hz, mono, no header. With it: raw pieces of one stream in that format, mono,
   * cut anywhere; or the pieces of a WAV file, the first of which begins with its header.
   */
  | {
      readonly type: 'audio';
      readonly audio: Uint8Array;
      readonly format?: AudioFormat | 'wav';
      /** What is spoken in it, for `interrupted.heardText`. */
      readonly text?: string;
      readonly bargeIn?: BargeIn;
    }
  /** How to listen for the next input; the last one of a turn counts. */
  | { readonly type: 'listen'; readonly settings: ListenSettings }
  /** Drive a branch of the flow; the call goes on. */
  | { readonly type: 'custom-event'; readonly name: string; readonly metadata: JsonObject }
  /** Tell the flow that the caller was not understood, or said nothing: most flows leave the virtual agent then. */
  | { readonly type: 'give-up'; readonly reason: 'no-match' | 'no-input' }
  /** Hand the call to a human; ends the conversation after the prompts. */
  | { readonly type: 'transfer'; readonly name: string; readonly metadata: JsonObject }
  /** Hang up after the prompts. */
  | { readonly type: 'end'; readonly name: string; readonly metadata: JsonObject }
  /** Text of the whole session, sent with the last response of the call. */
  | { readonly type: 'transcript'; readonly transcript?: string; readonly summary?: string };

/**
 * What a bot gives back for one input: read once, piece by piece as it comes. An async generator is one, and so is
 * `ReadyAnswer`, for a bot that need not wait.
 */
export interface BotAnswer extends AsyncIterable<BotOutput> {
  /**
   * Begins to read, as the iterator does and instead of it, where the bot knows the whole answer already; that costs no
   * promise. Optional on both sides: an answer without it is read piece by piece, and so may be any other.
   *
   * @returns Everything, in order; the answer is then over. `undefined`: it has begun, and its pieces are to be read.
   * @throws What reading would throw.
   */
  atOnce?(): readonly BotOutput[] | undefined;
}

/** The circumstances of one answer. */
export interface BotTurn {
  /** Fires when nobody waits for the answer any more: the caller spoke over it, hung up, or the turn ran out of time. */
  readonly signal: AbortSignal;
  /** Set when the caller interrupted the answer before: how much of it was probably heard. */
  readonly interrupted: Interruption | undefined;
  /** Set while the call is traced: headers for a service that is asked on its behalf (W3C Trace Context). */
  readonly traceHeaders?: Readonly<Record<string, string>> | undefined;
}

/** What of an answer was probably heard before the caller cut it short; reckoned, since Webex does not say. */
export interface Interruption {
  readonly heardMs: number;
  /** The text of it, cut between words; empty when the bot gave sound without text. */
  readonly heardText: string;
}

/** What may cut a prompt short: `true` is `either`, `false` is `none`. */
export type BargeIn = boolean | 'either' | 'speech' | 'digits' | 'none';

/** Why a call ended. */
export type EndReason = 'caller' | 'bot' | 'transfer' | 'idle' | 'shutdown' | 'revoked' | 'error';

/**
 * A bot. The gateway calls `answer` once for each input of a call, one after another within a call, and speaks what it
 * yields. It may throw or hang: the caller then hears an apology and other calls notice nothing.
 */
export interface BotHandler {
  readonly name: string;
  /**
   * What it wants of the caller's sound: each utterance whole, as `speech.audio`, or as a `speech-stream` from its
   * beginning on. Absent: none of it.
   */
  readonly hears?: 'utterances' | 'streams';
  /**
   * What a call needs does not all stand in `state`, such as a connection that outlives the turn: its turns then all come
   * to the process in which it began, for as long as that is there. Without it, a call that is shared between processes may
   * go on in another one after each turn, with its `state` and a new {@link BotCall}.
   */
  readonly keepsCalls?: boolean;
  answer(call: BotCall, input: BotInput, turn: BotTurn): BotAnswer;
  /** Called once when the call has ended, for whatever reason, in the process that held it last. */
  end?(call: BotCall, reason: EndReason): void | Promise<void>;
  /** The call goes on in another process: what is held for it here can go. */
  leave?(call: BotCall): void;
  /** Releases what the bot holds; called at shutdown. */
  close?(): Promise<void>;
}

/** What the gateway gives a bot when it is created. */
export interface BotDeps {
  readonly logger: Logger;
  /** Folder that relative paths in the bot's options start from: the folder of the configuration file. */
  readonly baseDir: string;
}

/**
 * Makes a bot from its options in the configuration. A wrong option is a `TypeError` or a `GatewayError`
 * `ERR_HANDLER_LOAD` whose message names the option.
 */
export interface BotFactory {
  readonly name: string;
  create(options: unknown, deps: BotDeps): BotHandler | Promise<BotHandler>;
}
