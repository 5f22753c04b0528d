import type { ServerResponse } from 'node:http';

/**
 * A way in which a key server fails.
 *
 * `hang` never answers; `slow-drip` sends a byte every `everyMs`; `truncated` promises the whole body and breaks off;
 * `oversized` puts `bytes` of white space (default 10 MB) before the keys; `wrong-content` is a page of HTML.
 */
export type KeyFault =
  | { readonly type: 'none' }
  | { readonly type: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly type: 'hang' }
  | { readonly type: 'slow-drip'; readonly everyMs: number }
  | { readonly type: 'truncated' }
  | { readonly type: 'oversized'; readonly bytes?: number }
  | { readonly type: 'redirect'; readonly location: string }
  | { readonly type: 'wrong-content' };

const OVERSIZED_BYTES = 10 * 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };

/** Answers a request for the keys wrongly; `body` is what the right answer would be. */
export function answerWithFault(
  response: ServerResponse,
  fault: Exclude<KeyFault, { readonly type: 'none' }>,
  body: string,
): void {
  switch (fault.type) {
    case 'status': {
      const { status, retryAfterSeconds } = fault;
      if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
      response.writeHead(status).end();
      return;
    }
    case 'hang':
      return;
    case 'slow-drip':
      response.writeHead(200, JSON_TYPE);
      drip(response, body, fault.everyMs);
      return;
    case 'truncated':
      response.writeHead(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(body) });
      response.write(body.slice(0, body.length >> 1), () => response.destroy());
      return;
    case 'oversized':
      response
        .writeHead(200, JSON_TYPE)
        .end(Buffer.concat([Buffer.alloc(fault.bytes ?? OVERSIZED_BYTES, ' '), Buffer.from(body)]));
      return;
    case 'redirect':
      response.writeHead(302, { location: fault.location }).end();
      return;
    case 'wrong-content':
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<html><body>sign in</body></html>');
      return;
    default:
      fault satisfies never;
  }
}

function drip(response: ServerResponse, body: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at === body.length) response.end();
    else response.write(body[at++]);
  }, everyMs);
  response.once('close', () => clearInterval(timer));
}
