import { once } from 'node:events';
import { type IncomingHttpHeaders, createServer } from 'node:http';

import { type WebSocket, WebSocketServer } from 'ws';

import { isRecord } from '../../src/core/json.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What the model does for one response. */
interface ModelReply {
  /** Each is spoken for 200 ms, in an event of its own. */
  readonly words?: readonly string[];
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[];
  /** Stops after so many words until `release` or a cancellation. */
  readonly holdAfter?: number;
  readonly status?: 'completed' | 'failed' | 'incomplete';
  readonly reason?: string;
}

/** What a test can do to one connection. */
interface ModelConnection {
  /** The request that opened it. */
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  /** Sends anything, also what no server would. */
  send(message: object | string | Buffer): void;
  /** Closes it with a code, or cuts it off. */
  close(code?: number): void;
  /** Begins a response by itself, as server VAD does. */
  respond(): void;
}

/** A stand-in for a Realtime server that insists on the protocol. */
export interface RealtimeServer {
  readonly url: string;
  /** What came, in order, over all connections. */
  readonly events: readonly Fields[];
  /** What of it a real server would have refused. */
  readonly problems: readonly string[];
  readonly connections: readonly ModelConnection[];
  /** The events of one type. */
  of(type: string): readonly Fields[];
  /** From now on. */
  reply(reply: (asked: string) => ModelReply): void;
  /** Goes on where a reply is held. */
  release(): void;
  /** Called instead of doing what a server does for an event; `true`: that was all. */
  intercept(handle: (event: Fields, connection: ModelConnection) => boolean): void;
  /** Answers every upgrade with this status, or lets it hang. */
  refuse(status: number | 'hang'): void;
  /** Resolves when `count` events of the type have come. */
  until(type: string, count?: number): Promise<void>;
  /** Resolves when `count` connections have been closed. */
  untilClosed(count?: number): Promise<void>;
  close(): Promise<void>;
}

const WORD_BYTES = 1600;
const MIN_COMMIT_BYTES = 800;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u;

/** The sound of the n-th word: a square wave in µ-law, different for each. */
export function wordSound(n: number): Buffer {
  const half = 4 + (n % 8);
  return Buffer.from(
    Array.from({ length: WORD_BYTES }, (_, at) => (Math.floor(at / half) % 2 === 0 ? 0x90 : 0x10)),
  );
}

/** Starts a server on a port of its own. */
export async function startRealtimeServer(dialect: 'ga' | 'beta' = 'ga'): Promise<RealtimeServer> {
  const events: Fields[] = [];
  const problems: string[] = [];
  const connections: ModelConnection[] = [];
  const waiting = new Set<{ readonly isMet: () => boolean; readonly resolve: () => void }>();
  let closedCount = 0;
  let replyTo = (asked: string): ModelReply => ({ words: [`You `, `gave `, `${asked}.`] });
  let intercepted = (_event: Fields, _connection: ModelConnection): boolean => false;
  let refusal: number | 'hang' | undefined;
  let releases: (() => void)[] = [];

  const notify = (): void => {
    for (const wait of waiting)
      if (wait.isMet()) {
        waiting.delete(wait);
        wait.resolve();
      }
  };
  const until = async (isMet: () => boolean): Promise<void> =>
    new Promise<void>((resolve) => {
      if (isMet()) resolve();
      else waiting.add({ isMet, resolve });
    });
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    if (typeof refusal === 'number') socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    if (refusal !== undefined) return;
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const { headers, url: path = '' } = request;
      serve(opened, headers, path);
    });
  });

  function serve(socket: WebSocket, headers: IncomingHttpHeaders, path: string): void {
    let lastEvent = 0;
    let lastId = 0;
    let isConfigured = false;
    let appendedBytes = 0;
    let asked = 'nothing';
    let active: { readonly id: string; cancel: () => void } | undefined;
    const eventIds = new Set<unknown>();
    /** Sound of each item that the model spoke, in bytes. */
    const items = new Map<string, number>();
    const callIds = new Set<unknown>();

    const send = (message: object | string | Buffer): void => {
      if (typeof message === 'string' || Buffer.isBuffer(message)) socket.send(message);
      else socket.send(JSON.stringify({ event_id: `event_${++lastEvent}`, ...message }));
    };
    const newId = (kind: string): string => `${kind}_${connections.length}_${++lastId}`;
    const refuseEvent = (event: Fields, code: string): void => {
      problems.push(`${String(event['type'])}: ${code}`);
      send({
        type: 'error',
        error: { type: 'invalid_request_error', code, message: 'x', event_id: event['event_id'] },
      });
    };
    const names =
      dialect === 'ga'
        ? { audio: 'response.output_audio', words: 'response.output_audio_transcript' }
        : { audio: 'response.audio', words: 'response.audio_transcript' };

    const respond = (): void => {
      const id = newId('resp');
      const itemId = newId('item');
      const { words = [], calls = [], holdAfter, status = 'completed', reason } = replyTo(asked);
      asked = 'nothing';
      const finish = (how: string): void => {
        active = undefined;
        const details = { error: { type: how, code: reason, message: 'x' } };
        send({
          type: 'response.done',
          response: { id, status: how, status_details: how === 'completed' ? null : details },
        });
        send({
          type: 'rate_limits.updated',
          rate_limits: [{ name: 'requests', limit: 9, remaining: 8, reset_seconds: 1 }],
        });
      };
      const speak = (from: number): void => {
        for (let n = from; n < words.length; n++) {
          if (n === holdAfter && from !== n) return void releases.push(() => speak(n));
          const part = { response_id: id, item_id: itemId, output_index: 0, content_index: 0 };
          send({ type: `${names.words}.delta`, ...part, delta: words[n] });
          items.set(itemId, (items.get(itemId) ?? 0) + WORD_BYTES);
          send({ type: `${names.audio}.delta`, ...part, delta: wordSound(n).toString('base64') });
        }
        if (active?.id !== id) return;
        for (const call of calls) {
          const callId = newId('call');
          callIds.add(callId);
          const item = { id: newId('item'), type: 'function_call', call_id: callId, ...call };
          send({ type: 'response.output_item.done', response_id: id, output_index: 1, item });
        }
        finish(status);
      };
      active = { id, cancel: () => finish('cancelled') };
      send({ type: 'response.created', response: { id, status: 'in_progress' } });
      if (holdAfter === 0) releases.push(() => speak(0));
      else speak(0);
    };
    const connection: ModelConnection = {
      headers,
      path,
      send,
      respond,
      close: (code) => (code === undefined ? socket.terminate() : socket.close(code)),
    };

    const handle = (event: Fields): void => {
      const type = event['type'];
      if (!isConfigured && type !== 'session.update') return refuseEvent(event, 'not_configured');
      switch (type) {
        case 'session.update': {
          const problem = findSessionProblem(event['session'], dialect);
          if (problem !== undefined) return refuseEvent(event, problem);
          isConfigured = true;
          return send({ type: 'session.updated', session: event['session'] });
        }
        case 'input_audio_buffer.append': {
          const { audio } = event;
          if (typeof audio !== 'string' || !BASE64.test(audio) || audio === '')
            return refuseEvent(event, 'invalid_audio');
          appendedBytes += Buffer.from(audio, 'base64').length;
          return undefined;
        }
        case 'input_audio_buffer.clear':
          appendedBytes = 0;
          return send({ type: 'input_audio_buffer.cleared' });
        case 'input_audio_buffer.commit':
          if (appendedBytes < MIN_COMMIT_BYTES)
            return refuseEvent(event, 'input_audio_buffer_commit_empty');
          asked = `${appendedBytes} bytes of speech`;
          appendedBytes = 0;
          return send({ type: 'input_audio_buffer.committed', item_id: newId('item') });
        case 'conversation.item.create': {
          const problem = findItemProblem(event['item'], dialect, callIds);
          if (problem !== undefined) return refuseEvent(event, problem);
          asked = textOfItem(event['item']) ?? asked;
          return send({ type: 'conversation.item.added', item: event['item'] });
        }
        case 'conversation.item.truncate': {
          const bytes = items.get(String(event['item_id']));
          const endMs = event['audio_end_ms'];
          if (bytes === undefined) return refuseEvent(event, 'item_not_found');
          if (typeof endMs !== 'number' || endMs <= 0 || endMs * 8 > bytes)
            return refuseEvent(event, 'invalid_audio_end_ms');
          return send({ ...event, type: 'conversation.item.truncated' });
        }
        case 'conversation.item.delete':
          if (!items.delete(String(event['item_id']))) return refuseEvent(event, 'item_not_found');
          return send({ type: 'conversation.item.deleted', item_id: event['item_id'] });
        case 'response.create':
          if (active !== undefined)
            return refuseEvent(event, 'conversation_already_has_active_response');
          return respond();
        case 'response.cancel':
          if (active === undefined) return refuseEvent(event, 'response_cancel_not_active');
          return active.cancel();
        default:
          return refuseEvent(event, 'unknown_event');
      }
    };
    socket.on('message', (data: Buffer) => {
      const event: unknown = JSON.parse(data.toString('utf8'));
      if (!isRecord(event)) return void problems.push('an event is not an object');
      if (eventIds.has(event['event_id'])) problems.push('two events have one id');
      eventIds.add(event['event_id']);
      events.push(event);
      if (!intercepted(event, connection)) handle(event);
      return notify();
    });
    socket.on('close', () => {
      closedCount++;
      notify();
    });
    connections.push(connection);
    if (!intercepted({ type: 'connect' }, connection))
      send({ type: 'session.created', session: {} });
    notify();
  }

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return {
    url: `ws://127.0.0.1:${address.port}/v1/realtime`,
    events,
    problems,
    connections,
    of: (type) => events.filter((event) => event['type'] === type),
    reply(next) {
      replyTo = next;
    },
    release() {
      const held = releases;
      releases = [];
      for (const go of held) go();
    },
    intercept(next) {
      intercepted = next;
    },
    refuse(next) {
      refusal = next;
    },
    until: async (type, count = 1) =>
      until(() => events.filter((event) => event['type'] === type).length >= count),
    untilClosed: async (count = 1) => until(() => closedCount >= count),
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}

function findSessionProblem(session: unknown, dialect: 'ga' | 'beta'): string | undefined {
  if (!isRecord(session)) return 'no_session';
  if (typeof session['instructions'] !== 'string' || !Array.isArray(session['tools']))
    return 'incomplete_session';
  if (dialect === 'beta') {
    if ('audio' in session || 'type' in session) return 'unknown_parameter';
    const isMulaw = [session['input_audio_format'], session['output_audio_format']].every(
      (format) => format === 'g711_ulaw',
    );
    return isMulaw && 'turn_detection' in session ? undefined : 'invalid_format';
  }
  if ('input_audio_format' in session || 'modalities' in session || 'voice' in session)
    return 'unknown_parameter';
  const { type, audio } = session;
  if (type !== 'realtime' || !isRecord(audio)) return 'missing_parameter';
  const { input, output } = audio;
  if (!isRecord(input) || !isRecord(output) || !('turn_detection' in input))
    return 'missing_parameter';
  const isMulaw = [input['format'], output['format']].every(
    (format) => isRecord(format) && format['type'] === 'audio/pcmu',
  );
  return isMulaw ? undefined : 'invalid_format';
}

function findItemProblem(
  item: unknown,
  dialect: 'ga' | 'beta',
  callIds: ReadonlySet<unknown>,
): string | undefined {
  if (!isRecord(item)) return 'no_item';
  if (item['type'] === 'function_call_output')
    return callIds.has(item['call_id']) && typeof item['output'] === 'string'
      ? undefined
      : 'unknown_call';
  const spoken = dialect === 'ga' ? 'output_text' : 'text';
  const wanted = item['role'] === 'assistant' ? spoken : 'input_text';
  const [part]: unknown[] = Array.isArray(item['content']) ? item['content'] : [];
  return isRecord(part) && part['type'] === wanted && typeof part['text'] === 'string'
    ? undefined
    : 'invalid_content';
}

/** What somebody other than the model said; `undefined` for an item that says nothing new. */
function textOfItem(item: unknown): string | undefined {
  if (!isRecord(item) || item['role'] === 'assistant') return undefined;
  const [part]: unknown[] = Array.isArray(item['content']) ? item['content'] : [];
  return isRecord(part) ? String(part['text']) : 'a result';
}
