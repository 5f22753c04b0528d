/** The header blocks of RPCs on one connection. */
export interface RequestHeaders {
  /** Of the first RPC: the receiver remembers its fields. */
  readonly first: Buffer;
  /** Of each RPC after it: refers to them. */
  readonly later: Buffer;
}

// RFC 7541 appendix A, and section 6.
const POST = 0x83;
const HTTP = 0x86;
const AUTHORITY = 1;
const PATH = 4;
const CONTENT_TYPE = 31;
const AUTHORIZATION = 23;
const LAST_STATIC_INDEX = 61;
const INDEXED = 0x80;
const REMEMBERED = 0x40;
const NEVER_REMEMBERED = 0x10;

/** Writes the headers of gRPC requests as common clients do: all is remembered but the token, which goes out whole each time. */
export function encodeRequestHeaders(request: {
  readonly authority: string;
  readonly path: string;
  readonly token: string;
}): RequestHeaders {
  const remembered = [
    field(AUTHORITY, request.authority),
    field(PATH, request.path),
    field(CONTENT_TYPE, 'application/grpc'),
    Buffer.concat([Buffer.of(REMEMBERED), text('te'), text('trailers')]),
  ];
  const token = Buffer.concat([integer(NEVER_REMEMBERED, 4, AUTHORIZATION), text(request.token)]);
  const method = Buffer.of(POST, HTTP);
  return {
    first: Buffer.concat([method, ...remembered, token]),
    later: Buffer.concat([
      method,
      // The last that was remembered has the first index.
      Buffer.from(
        remembered.map((_, index) => INDEXED | (LAST_STATIC_INDEX + remembered.length - index)),
      ),
      token,
    ]),
  };
}

function field(name: number, value: string): Buffer {
  return Buffer.concat([integer(REMEMBERED, 6, name), text(value)]);
}

function text(value: string): Buffer {
  return Buffer.concat([integer(0, 7, value.length), Buffer.from(value, 'latin1')]);
}

/** RFC 7541 section 5.1. */
function integer(pattern: number, prefixBits: number, value: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.of(pattern | value);
  const bytes = [pattern | most];
  let left = value - most;
  for (; left >= 0x80; left >>= 7) bytes.push((left & 0x7f) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}
