// A bare grpc-js server, for comparison: the same service, no authentication, no metrics, no log, no state. It encodes its
// answer anew on each call, as a straightforward handler does.
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';

const promptBytes = Number(process.argv[2]);
const audio = Buffer.alloc(promptBytes, 0x55);

const server = new Server({ 'grpc.max_concurrent_streams': 1_000, 'grpc.enable_channelz': 0 });
server.addService(
  { ...loadVoiceVirtualAgent() },
  {
    ProcessCallerInput(call: ServerDuplexStream<object, object>) {
      call.on('data', () => {
        call.write({ response_type: 'CHUNK', prompts: [{ audio_content: audio }] });
        call.write({ response_type: 'FINAL', prompts: [{ audio_content: Buffer.alloc(0) }] });
        call.end();
      });
    },
    ListVirtualAgents(_call: unknown, callback: (error: null, answer: object) => void) {
      callback(null, { virtual_agents: [{ virtual_agent_id: 'a', virtual_agent_name: 'A' }] });
    },
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`port ${port}\n`);
});
