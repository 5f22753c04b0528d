import { type ClientHttp2Session, connect } from 'node:http2';

/** A message of three bytes, with its head. */
const REQUEST = Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x63]);

/** Opens a call over plain HTTP/2, sends one message, and never reads what comes back. */
export function openDeafClient(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent/ProcessCallerInput',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => undefined);
  stream.pause();
  stream.write(REQUEST);
  return session;
}
