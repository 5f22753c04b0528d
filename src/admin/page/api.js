// Everything that the page asks the gateway for.

const BASE = 'api/';

/** Asks for something. @returns The status, and the body where it is JSON. */
async function ask(method, path, body) {
  const response = await fetch(BASE + path, {
    method,
    cache: 'no-store',
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: isJson ? await response.json() : undefined };
}

/** `open`, `none` or `impossible`; `unknown` when the gateway does not answer. */
export async function readSession() {
  try {
    return (await ask('GET', 'session')).body?.session ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

export const signIn = (token) => ask('POST', 'session', { token });
export const signOut = () => ask('DELETE', 'session');
export const drain = () => ask('POST', 'drain', { confirm: 'drain' });
export const setLevel = (change) => ask('POST', 'log-levels', change);
export const clearLevel = (id) => ask('DELETE', `log-levels/${encodeURIComponent(id)}`);

const RETRY_MS = 2_000;

/**
 * Follows the state until it is closed. When the stream breaks it is opened again.
 *
 * @param onState Called with each state.
 * @param onBreak Called when nothing comes any more.
 */
export function follow(onState, onBreak) {
  let source;
  let timer;
  const open = () => {
    source = new EventSource(`${BASE}events`);
    source.addEventListener('message', ({ data }) => onState(JSON.parse(data)));
    // A place is lent for some minutes.
    source.addEventListener('again', () => {
      source.close();
      open();
    });
    source.addEventListener('error', () => {
      // The browser tries again by itself, but not after a refusal.
      source.close();
      clearTimeout(timer);
      timer = setTimeout(open, RETRY_MS);
      onBreak();
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
