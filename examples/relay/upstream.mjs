// A small BYOVA server, as you may have one already: beeps, counts keys in beeps, and transfers at 0.
import { fileURLToPath } from 'node:url';

import { Server, ServerCredentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const { BYOVA_UPSTREAM_TOKEN: token, PORT = '50061' } = process.env;
const PROTO = fileURLToPath(new URL('../../proto/voice-virtual-agent/', import.meta.url));
const proto = loadPackageDefinition(
  loadSync('voicevirtualagent.proto', { keepCase: true, enums: String, oneofs: true, includeDirs: [PROTO] }),
);
const { VoiceVirtualAgent } = proto.com.cisco.wcc.ccai.media.v1;

// µ-law, 8000 Hz: a tone of 400 Hz for 300 ms, and a pause of 200 ms.
const beep = Buffer.alloc(4_000, 0xff);
for (let sample = 0; sample < 2_400; sample += 1) beep[sample] = sample % 20 < 10 ? 0x9f : 0x1f;

const listen = {
  input_mode: 'INPUT_EVENT_DTMF',
  input_handling_config: { dtmf_config: { dtmf_input_length: 1, inter_digit_timeout_msec: 3_000 } },
};

function answer(call, beeps) {
  for (let count = 0; count < beeps; count += 1)
    call.write({
      response_type: 'CHUNK',
      prompts: [{ audio_content: beep, is_barge_in_enabled: true }],
    });
  call.write({ prompts: [{ audio_content: Buffer.alloc(0) }], ...listen });
}

function processCallerInput(call) {
  const [sent] = call.metadata.get('authorization');
  if (token !== undefined && sent !== `Bearer ${token}`) {
    call.emit('error', { code: status.UNAUTHENTICATED, details: 'unknown caller' });
    return;
  }
  call.on('data', ({ event_input: event, dtmf_input: digits }) => {
    const [key] = digits?.dtmf_events ?? [];
    if (key === 'DTMF_DIGIT_ZERO')
      call.write({ output_events: [{ event_type: 'TRANSFER_TO_AGENT', name: 'human' }] });
    else if (digits) answer(call, 2);
    else if (event?.event_type !== 'SESSION_END') answer(call, 1);
  });
  call.on('end', () => call.end());
}

const server = new Server();
server.addService(VoiceVirtualAgent.service, { ProcessCallerInput: processCallerInput });
server.bindAsync(`127.0.0.1:${PORT}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening on 127.0.0.1:${port}`);
});
