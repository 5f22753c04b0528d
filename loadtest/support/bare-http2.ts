// The limit, for comparison: what Node.js can do when it reads a request and sends bytes that were made beforehand. No codec.
import { createServer } from 'node:http2';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { BARE_AGENTS, bareAnswer } from './bare-answer.ts';
import { encodeMessage } from './measured-rpc.ts';

const { ListVirtualAgents: list, ProcessCallerInput: turn } = loadVoiceVirtualAgent();
const agents = encodeMessage(list.responseSerialize(BARE_AGENTS));
const answer = Buffer.concat(
  bareAnswer(Number(process.argv[2])).map((message) =>
    encodeMessage(turn.responseSerialize(message)),
  ),
);

const server = createServer({ settings: { maxConcurrentStreams: 1_000 } });
server.on('stream', (stream, headers) => {
  const bytes = headers[':path'] === list.path ? agents : answer;
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.on('end', () => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.end(bytes);
  });
  stream.on('error', () => undefined);
  stream.resume();
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  process.stdout.write(`port ${address.port}\n`);
});
