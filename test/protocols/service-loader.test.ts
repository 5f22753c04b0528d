import { describe, expect, it } from 'vitest';
import {
  HEALTH_CHECK_PATH,
  HEALTH_SERVICE,
  HEALTH_WATCH_PATH,
} from '../../src/protocols/health/schema.ts';
import { loadHealth } from '../../src/protocols/health/wire.ts';
import {
  CONVERSATION_AUDIO_SERVICE,
  MEDIA_FORKING_SCHEMA_ID,
  MEDIA_FORKING_SUPERSEDED_SCHEMA_ID,
  STREAM_CONVERSATION_AUDIO_PATH,
} from '../../src/protocols/media-forking/schema.ts';
import { loadConversationAudio } from '../../src/protocols/media-forking/wire.ts';
import {
  MEDIA_INTELLIGENCE_SCHEMA_ID,
  MULTI_MEDIA_SERVICE,
  STREAM_CONTROL_PATH,
  STREAM_MEDIA_PATH,
} from '../../src/protocols/media-intelligence/schema.ts';
import { loadMultiMedia } from '../../src/protocols/media-intelligence/wire.ts';
import {
  LIST_VIRTUAL_AGENTS_PATH,
  PROCESS_CALLER_INPUT_PATH,
  VOICE_VIRTUAL_AGENT_SCHEMA_ID,
  VOICE_VIRTUAL_AGENT_SERVICE,
} from '../../src/protocols/voice-virtual-agent/schema.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';

const voiceAgent = loadVoiceVirtualAgent();

describe('the voice virtual agent', () => {
  it('[check 1] has a bidirectional ProcessCallerInput at the published path', () => {
    expect(voiceAgent.ProcessCallerInput).toMatchObject({
      path: '/com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent/ProcessCallerInput',
      requestStream: true,
      responseStream: true,
    });
    expect(PROCESS_CALLER_INPUT_PATH).toBe(voiceAgent.ProcessCallerInput.path);
  });

  it('[check 1] has a unary ListVirtualAgents at the published path', () => {
    expect(voiceAgent.ListVirtualAgents).toMatchObject({
      path: '/com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent/ListVirtualAgents',
      requestStream: false,
      responseStream: false,
    });
    expect(LIST_VIRTUAL_AGENTS_PATH).toBe(voiceAgent.ListVirtualAgents.path);
  });
});

it('[check 5] forking and media intelligence load in one process and keep their own ErrorCode', () => {
  const { StreamConversationAudio } = loadConversationAudio();
  const { StreamControl } = loadMultiMedia();
  const acknowledgement = StreamConversationAudio.responseDeserialize(
    StreamConversationAudio.responseSerialize({ error_code: 2 }),
  );
  const control = StreamControl.responseDeserialize(
    StreamControl.responseSerialize({ stream_error: { error_code: 2 } }),
  );
  expect(acknowledgement.error_code).toBe('ERROR_STREAM_FAILURE');
  expect(control.stream_error?.error_code).toBe('UNSUPPORTED_CODEC');
});

it('every service has its published paths', () => {
  expect(loadConversationAudio().StreamConversationAudio.path).toBe(
    '/com.cisco.wcc.ccai.media.v1.ConversationAudio/StreamConversationAudio',
  );
  expect(loadMultiMedia().StreamControl.path).toBe(
    '/com.cisco.wcc.ccai.media.v1.MultiMedia/StreamControl',
  );
  expect(loadMultiMedia().StreamMedia.path).toBe(
    '/com.cisco.wcc.ccai.media.v1.MultiMedia/StreamMedia',
  );
  expect(loadHealth().Check.path).toBe('/com.cisco.wcc.ccai.v1.Health/Check');
  expect(loadHealth().Watch.path).toBe('/com.cisco.wcc.ccai.v1.Health/Watch');
});

it('the constants of each folder agree with what is loaded', () => {
  expect(STREAM_CONVERSATION_AUDIO_PATH).toBe(loadConversationAudio().StreamConversationAudio.path);
  expect(STREAM_CONTROL_PATH).toBe(loadMultiMedia().StreamControl.path);
  expect(STREAM_MEDIA_PATH).toBe(loadMultiMedia().StreamMedia.path);
  expect(HEALTH_CHECK_PATH).toBe(loadHealth().Check.path);
  expect(HEALTH_WATCH_PATH).toBe(loadHealth().Watch.path);
  expect([
    VOICE_VIRTUAL_AGENT_SERVICE,
    CONVERSATION_AUDIO_SERVICE,
    MULTI_MEDIA_SERVICE,
    HEALTH_SERVICE,
  ]).toEqual([
    'com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent',
    'com.cisco.wcc.ccai.media.v1.ConversationAudio',
    'com.cisco.wcc.ccai.media.v1.MultiMedia',
    'com.cisco.wcc.ccai.v1.Health',
  ]);
});

it('each capability has its schema id', () => {
  expect(VOICE_VIRTUAL_AGENT_SCHEMA_ID).toBe('5397013b-7920-4ffc-807c-e8a3e0a18f43');
  expect(MEDIA_FORKING_SCHEMA_ID).toBe('523e1b7f-4693-47bc-b84e-a7b7a505fb0b');
  expect(MEDIA_FORKING_SUPERSEDED_SCHEMA_ID).toBe('3028d2e8-eb03-4395-b70e-a69e823869c5');
  expect(MEDIA_INTELLIGENCE_SCHEMA_ID).toBe('1b2b7077-dbcd-4732-b2f9-296f9168168a');
});

it('a service is loaded once', () => {
  expect(loadVoiceVirtualAgent()).toBe(voiceAgent);
});
