import { AbortError, abortable } from '../../core/abort.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { BotCall } from '../bot-handler.ts';
import { type ClientEvent, toTextItem } from './client-event.ts';
import { type Connection, failed, openConnection } from './connection.ts';
import type { Note, Notes } from './notes.ts';
import type { RealtimeOptions } from './realtime-options.ts';
import { type ResponseQueue, createResponseQueue } from './response-queue.ts';
import type { ServerEvent } from './server-event.ts';
import { MULAW_NAMES, toSessionSettings } from './session-settings.ts';
import { type SpokenItems, createSpokenItems } from './spoken-items.ts';

/** How long a response that was called off may take to end, before the next one is asked for all the same. */
const CANCEL_PATIENCE_MS = 2000;
/** Utterances whose words are still awaited. */
const MAX_UNDERSTOOD_LATER = 8;
/** Requests that may come too late or be unnecessary: that the server refuses them says nothing. */
const HARMLESS = [
  'response.cancel/',
  'conversation.item.truncate/',
  'conversation.item.delete/',
  'input_audio_buffer.clear/',
];
/** Where the server decides, it may have been quicker. */
const HARMLESS_WITH_SERVER = ['input_audio_buffer.commit/', 'response.create/'];

/** One call's session with the model: its connection, and what the server is at. */
export interface ModelSession {
  /** What the model spoke in the answer before, or speaks now. */
  readonly spoken: SpokenItems;
  /** Whether a response is asked for or under way, and not called off. */
  isResponding(): boolean;
  /** Whether the server has taken the caller's sound as complete since `listen` was called. */
  hasCommitted(): boolean;
  /**
   * Connects, unless connected: sets the session up, has that acknowledged, and tells the model what was said before.
   *
   * @throws {AbortError} When `signal` fired.
   * @throws {GatewayError} `ERR_HANDLER_TIMEOUT`, `ERR_HANDLER_FAILED` or `ERR_HANDLER_OUTPUT`.
   */
  open(signal: AbortSignal): Promise<void>;
  /**
   * Hands over what the server says from now on.
   *
   * @param isSecret Nothing of the caller's words may be noted down.
   * @param onResponse Called before the first response that the server begins by itself is handed over.
   */
  listen(isSecret: boolean, onResponse: () => void): ResponseQueue;
  /** Ends the listening of `queue`: calls off what it waits for. */
  leave(queue: ResponseQueue): void;
  send(event: ClientEvent): void;
  /** Asks for a response. */
  respond(): void;
  /** Calls the response off, when there is one. */
  cancel(): void;
  /** Waits until a response that was called off is over, or is late. */
  untilIdle(signal: AbortSignal): Promise<void>;
  /** Whether `error` is that the connection broke, and another one may do better. */
  isReopenable(error: unknown): boolean;
  close(): void;
}

/** Creates a session that is not connected yet. */
export function createModelSession(
  call: BotCall,
  options: RealtimeOptions,
  notes: Notes,
  clock: Clock,
): ModelSession {
  const spoken = createSpokenItems();
  const understoodLater = new Map<string, Note>();
  let connection: Connection | undefined;
  let response: { id: string | undefined; isCancelled: boolean } | undefined;
  let reader: ResponseQueue | undefined;
  let listening = { isSecret: true, onResponse: (): void => undefined };
  let hasCommitted = false;
  let broken: { readonly error: GatewayError; readonly canReopen: boolean } | undefined;
  let wakeIdle: (() => void) | undefined;

  const becomeIdle = (): void => {
    response = undefined;
    wakeIdle?.();
  };
  const deliver = (event: ServerEvent): boolean => {
    if (reader === undefined || response?.isCancelled === true) return false;
    reader.push(event);
    return true;
  };
  const cancel = (): void => {
    if (response === undefined || response.isCancelled) return;
    response.isCancelled = true;
    connection?.send({
      type: 'response.cancel',
      ...(response.id !== undefined && { response_id: response.id }),
    });
  };
  const onError = (error: Extract<ServerEvent, { readonly type: 'error' }>): boolean => {
    const { requestId, reason } = error;
    const isAbout = (prefix: string): boolean => requestId.startsWith(prefix);
    if (isAbout('response.cancel/') && response?.isCancelled === true) becomeIdle();
    if (HARMLESS.some(isAbout)) return false;
    if (options.turnDetection === 'server' && HARMLESS_WITH_SERVER.some(isAbout)) return false;
    const failure = failed('reported an error', { reason });
    // The session is of no use any more: what is said next gets another one.
    if (reason === 'session_expired') connection?.fail(failure, true);
    else reader?.fail(failure);
    return false;
  };
  const onCommitted = (itemId: string): boolean => {
    hasCommitted = true;
    if (options.transcriptionModel === undefined || listening.isSecret) return false;
    if (understoodLater.size < MAX_UNDERSTOOD_LATER)
      understoodLater.set(itemId, notes.add('user', ''));
    return false;
  };
  const onEvent = (event: ServerEvent): boolean => {
    switch (event.type) {
      case 'session-created':
      case 'session-updated':
        return deliver(event);
      case 'response-created':
        if (response?.id === undefined && response !== undefined) response.id = event.responseId;
        else {
          response = { id: event.responseId, isCancelled: false };
          if (reader === undefined) cancel();
          else listening.onResponse();
        }
        return deliver(event);
      case 'audio':
        if (event.responseId !== response?.id) return false;
        spoken.add(event.itemId, event.contentIndex, event.audio.length);
        return deliver(event);
      case 'words':
      case 'tool-call':
        return event.responseId === response?.id && deliver(event);
      case 'response-done': {
        if (event.responseId !== response?.id) return false;
        if (event.status === 'completed') spoken.complete();
        const isWanted = deliver(event);
        becomeIdle();
        return isWanted;
      }
      case 'input-committed':
        return onCommitted(event.itemId);
      case 'input-understood': {
        const note = understoodLater.get(event.itemId);
        if (note !== undefined) notes.change(note, event.text);
        return understoodLater.delete(event.itemId);
      }
      case 'error':
        return onError(event);
      case 'ignored':
        return false;
      default:
        return event satisfies never;
    }
  };
  const onBroken = (error: GatewayError, canReopen: boolean): void => {
    connection = undefined;
    broken = { error, canReopen };
    spoken.reset();
    understoodLater.clear();
    becomeIdle();
    reader?.fail(error);
  };
  const listen: ModelSession['listen'] = (isSecret, onResponse) => {
    const own = connection;
    hasCommitted = false;
    listening = { isSecret, onResponse };
    reader = createResponseQueue({ pause: () => own?.pause(), resume: () => own?.resume() });
    if (own === undefined && broken !== undefined) reader.fail(broken.error);
    return reader;
  };
  const leave = (queue: ResponseQueue): void => {
    cancel();
    if (reader === queue) reader = undefined;
    // Lets the network flow again.
    queue.fail(new AbortError());
  };
  /** From the bare connection to a session that is as the options say. */
  const setUp = async (signal: AbortSignal): Promise<void> => {
    broken = undefined;
    const events = listen(true, () => undefined);
    try {
      const opened = await openConnection(options, clock, { onEvent, onBroken }, signal);
      connection = opened;
      await abortable(expectEvent(events, 'session-created'), signal);
      opened.send({ type: 'session.update', session: toSessionSettings(options, call) });
      const updated = await abortable(expectEvent(events, 'session-updated'), signal);
      const wanted = MULAW_NAMES[options.dialect];
      if (updated.format !== '' && updated.format !== wanted)
        throw failed('does not speak µ-law', { dialect: options.dialect });
      for (const note of notes.all()) opened.send(toTextItem(note, options));
    } catch (error) {
      connection?.close();
      connection = undefined;
      throw error;
    } finally {
      leave(events);
    }
  };

  return {
    spoken,
    isResponding: () => response !== undefined && !response.isCancelled,
    hasCommitted: () => hasCommitted,
    async open(signal) {
      if (connection !== undefined) return;
      const timeoutMs = options.connectTimeoutSeconds * 1000;
      const late = new AbortController();
      const timer = clock.setTimer(timeoutMs, () => late.abort());
      try {
        await setUp(AbortSignal.any([signal, late.signal]));
      } catch (error) {
        if (signal.aborted || !late.signal.aborted) throw error;
        throw new GatewayError(
          'ERR_HANDLER_TIMEOUT',
          `the realtime server had no session ready within ${timeoutMs} ms`,
        );
      } finally {
        timer.cancel();
      }
    },
    listen,
    leave,
    send: (event) => void connection?.send(event),
    respond() {
      response = { id: undefined, isCancelled: false };
      connection?.send({ type: 'response.create' });
    },
    cancel,
    async untilIdle(signal) {
      if (response?.isCancelled !== true) return;
      let timer: Timer | undefined;
      const idle = new Promise<void>((resolve) => {
        wakeIdle = resolve;
        timer = clock.setTimer(CANCEL_PATIENCE_MS, becomeIdle);
      });
      try {
        await abortable(idle, signal);
      } finally {
        timer?.cancel();
        wakeIdle = undefined;
      }
    },
    isReopenable: (error) => broken?.canReopen === true && error === broken.error,
    close() {
      connection?.close();
      connection = undefined;
    },
  };
}

async function expectEvent<T extends ServerEvent['type']>(
  events: ResponseQueue,
  type: T,
): Promise<Extract<ServerEvent, { readonly type: T }>> {
  for (;;) {
    const event = await events.next();
    if (isOfType(event, type)) return event;
  }
}

function isOfType<T extends ServerEvent['type']>(
  event: ServerEvent,
  type: T,
): event is Extract<ServerEvent, { readonly type: T }> {
  return event.type === type;
}
