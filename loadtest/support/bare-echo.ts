// A bare grpc-js server, for comparison: the same service, no authentication, no metrics, no log, no state. It encodes its
// answer anew on each call, as a straightforward handler does.
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { BARE_AGENTS, bareAnswer } from './bare-answer.ts';

const answer = bareAnswer(Number(process.argv[2]));

const server = new Server({ 'grpc.max_concurrent_streams': 1_000, 'grpc.enable_channelz': 0 });
server.addService(
  { ...loadVoiceVirtualAgent() },
  {
    ProcessCallerInput(call: ServerDuplexStream<object, object>) {
      call.on('data', () => {
        for (const message of answer) call.write(message);
        call.end();
      });
    },
    ListVirtualAgents(_call: unknown, callback: (error: null, answer: object) => void) {
      callback(null, BARE_AGENTS);
    },
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`port ${port}\n`);
});
