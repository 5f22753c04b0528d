// The published contract, written from protocol.md sections 1.1 and 1.3 to 1.7, never from our proto files.
import type { PackageTable } from './golden-describe.ts';

export const VOICE_VIRTUAL_AGENT: PackageTable = {
  services: {
    VoiceVirtualAgent: {
      ProcessCallerInput: 'stream VoiceVARequest -> stream VoiceVAResponse',
      ListVirtualAgents: 'ListVARequest -> ListVAResponse',
    },
  },
  messages: {
    VoiceVARequest: {
      1: 'conversation_id string',
      2: 'customer_org_id string',
      3: 'virtual_agent_id string',
      4: 'allow_partial_responses bool',
      5: 'vendor_specific_config string',
      6: 'voice_va_input_type: audio_input message VoiceInput',
      7: 'voice_va_input_type: dtmf_input message DTMFInputs',
      8: 'voice_va_input_type: event_input message EventInput',
      9: 'additional_info map<string,string>',
    },
    VoiceInput: {
      1: 'caller_audio bytes',
      2: 'encoding enum VoiceEncoding',
      3: 'sample_rate_hertz int32',
      4: 'audio_timestamp message google.protobuf.Timestamp',
      5: 'language_code string',
      6: 'is_single_utterance bool',
    },
    VoiceVAResponse: {
      1: 'prompts repeated message Prompt',
      2: 'output_events repeated message OutputEvent',
      3: 'input_sensitive bool',
      4: 'input_mode enum VoiceVAInputMode',
      5: 'input_handling_config message InputHandlingConfig',
      6: 'session_transcript message TextContent',
      7: 'session_summary message TextContent',
      8: 'response_type enum ResponseType',
      9: 'disable_prompt_cancellation bool',
    },
    Prompt: {
      1: 'text string',
      2: 'audio_uri string',
      3: 'audio_content bytes',
      4: 'is_barge_in_enabled bool',
    },
    TextContent: {
      1: 'input_content: text string',
      2: 'input_content: ssml string',
      3: 'language_code string',
    },
    InputSpeechTimers: {
      1: 'max_speech_timeout_msec int32',
      2: 'complete_timeout_msec int32',
      3: 'incomplete_timeout_msec int32',
      4: 'no_input_timeout_msec int32',
    },
    InputHandlingConfig: {
      1: 'dtmf_config message DTMFInputConfig',
      2: 'speech_timers message InputSpeechTimers',
    },
    DTMFInputConfig: {
      1: 'inter_digit_timeout_msec int32',
      2: 'termchar enum DTMFDigits',
      3: 'dtmf_input_length int32',
    },
    DTMFInputs: { 1: 'dtmf_events repeated enum DTMFDigits' },
    ListVARequest: { 1: 'customer_org_id string', 2: 'is_default_virtual_agent_enabled bool' },
    VirtualAgentInfo: {
      1: 'virtual_agent_id string',
      2: 'virtual_agent_name string',
      3: 'is_default bool',
      4: 'attributes map<string,string>',
    },
    ListVAResponse: { 1: 'virtual_agents repeated message VirtualAgentInfo' },
    OutputEvent: {
      1: 'event_type enum EventType',
      2: 'name string',
      3: 'metadata message google.protobuf.Struct',
    },
    EventInput: {
      1: 'event_type enum EventType',
      2: 'name string',
      3: 'parameters message google.protobuf.Struct',
    },
  },
  enums: {
    'VoiceInput.VoiceEncoding': {
      UNSPECIFIED_FORMAT: 0,
      LINEAR16_FORMAT: 1,
      MULAW_FORMAT: 2,
      ALAW_FORMAT: 3,
    },
    'VoiceVAResponse.ResponseType': { FINAL: 0, PARTIAL: 1, CHUNK: 2 },
    VoiceVAInputMode: {
      INPUT_VOICE_MODE_UNSPECIFIED: 0,
      INPUT_VOICE: 1,
      INPUT_EVENT_DTMF: 2,
      INPUT_VOICE_DTMF: 3,
    },
    DTMFDigits: {
      DTMF_EVENT_UNSPECIFIED: 0,
      DTMF_DIGIT_ONE: 1,
      DTMF_DIGIT_TWO: 2,
      DTMF_DIGIT_THREE: 3,
      DTMF_DIGIT_FOUR: 4,
      DTMF_DIGIT_FIVE: 5,
      DTMF_DIGIT_SIX: 6,
      DTMF_DIGIT_SEVEN: 7,
      DTMF_DIGIT_EIGHT: 8,
      DTMF_DIGIT_NINE: 9,
      DTMF_DIGIT_ZERO: 10,
      DTMF_DIGIT_A: 11,
      DTMF_DIGIT_B: 12,
      DTMF_DIGIT_C: 13,
      DTMF_DIGIT_D: 14,
      DTMF_DIGIT_STAR: 15,
      DTMF_DIGIT_POUND: 16,
    },
    'OutputEvent.EventType': {
      UNSPECIFIED_EVENT: 0,
      SESSION_END: 1,
      TRANSFER_TO_AGENT: 2,
      CUSTOM_EVENT: 3,
      START_OF_INPUT: 4,
      END_OF_INPUT: 5,
      NO_MATCH: 6,
      NO_INPUT: 7,
    },
    'EventInput.EventType': {
      UNSPECIFIED_INPUT: 0,
      SESSION_START: 1,
      SESSION_END: 2,
      NO_INPUT: 3,
      START_OF_DTMF: 4,
      CUSTOM_EVENT: 5,
    },
  },
};

export const MEDIA_FORKING: PackageTable = {
  services: {
    ConversationAudio: {
      StreamConversationAudio:
        'stream ConversationAudioForkingRequest -> stream ConversationAudioForkingResponse',
    },
  },
  messages: {
    ConversationAudioForkingRequest: {
      1: 'conversation_id string',
      2: 'customer_org_id string',
      3: 'audio message AudioStream',
      4: 'additional_info map<string,string>',
    },
    AudioStream: {
      1: 'audio_data bytes',
      2: 'encoding enum AudioEncoding',
      3: 'sample_rate_hertz int32',
      4: 'audio_timestamp message google.protobuf.Timestamp',
      5: 'role enum ParticipantRole',
      6: 'role_id string',
    },
    ConversationAudioForkingResponse: {
      1: 'status_message string',
      2: 'error_code enum ErrorCode',
    },
    InputTextContent: {
      1: 'input_content: text string',
      2: 'input_content: ssml string',
      3: 'language_code string',
    },
  },
  enums: {
    ParticipantRole: { ROLE_UNSPECIFIED: 0, CALLER: 1, AGENT: 2 },
    ErrorCode: { ERROR_NONE: 0, ERROR_INVALID_AUDIO_FORMAT: 1, ERROR_STREAM_FAILURE: 2 },
    AudioEncoding: { UNSPECIFIED: 0, LINEAR16: 1, MULAW: 2, ALAW: 3 },
  },
};

export const MEDIA_INTELLIGENCE: PackageTable = {
  services: {
    MultiMedia: {
      StreamControl: 'stream ControlRequest -> stream ControlResponse',
      StreamMedia: 'stream MediaRequest -> stream MediaResponse',
    },
  },
  messages: {
    ControlRequest: {
      1: 'payload: stream_open message StreamOpen',
      2: 'payload: service_data message ServiceData',
      3: 'payload: stream_error message StreamError',
      4: 'payload: stream_close message StreamClose',
    },
    ControlResponse: {
      1: 'payload: media_stream_request message MediaStreamRequest',
      2: 'payload: control_command message ControlCommand',
      3: 'payload: stream_error message StreamError',
    },
    MediaRequest: {
      1: 'payload: stream_open message StreamOpen',
      2: 'payload: media_payload message MediaPayload',
      3: 'payload: stream_close message StreamClose',
    },
    MediaResponse: {},
    StreamOpen: {
      1: 'stream_id string',
      2: 'media_type enum MediaType',
      3: 'org_id string',
      4: 'conversation_id string',
      5: 'parameters message google.protobuf.Struct',
    },
    ServiceData: { 1: 'payload: meeting_data message MeetingData' },
    MeetingData: { 1: 'payload: roster message Roster' },
    MediaPayload: {
      1: 'data bytes',
      2: 'timestamp_ms int64',
      3: 'sequence_number uint64',
      4: 'participant_id string',
    },
    StreamClose: { 1: 'reason enum CloseReason', 2: 'close_message string' },
    Roster: {
      1: 'sequence_number uint64',
      2: 'refresh bool',
      3: 'additions repeated message Participant',
      4: 'changes repeated message Participant',
      5: 'removals repeated string',
      6: 'timestamp_ms int64',
    },
    Participant: {
      1: 'participant_id string',
      2: 'display_name string',
      3: 'audio_active bool',
      4: 'video_active bool',
      5: 'cohost bool',
      6: 'joined_at_ms int64',
      7: 'trust_level enum IdentityTrustLevel',
    },
    MediaStreamRequest: {
      1: 'config: audio_config message AudioConfig',
      2: 'config: video_config message VideoConfig',
    },
    AudioConfig: { 1: 'codec enum AudioCodec', 2: 'max_streams int32' },
    VideoConfig: {
      1: 'codec enum VideoCodec',
      2: 'max_resolution enum VideoResolution',
      3: 'max_fps int32',
      4: 'participant_ids repeated string',
    },
    ControlCommand: {
      1: 'command: media_control message MediaControl',
      2: 'command: meeting_command message MeetingCommand',
    },
    MediaControl: { 1: 'action enum MediaControlAction', 2: 'stream_id string' },
    MeetingCommand: { 1: 'command enum MeetingCommandType' },
    StreamError: {
      1: 'stream_id string',
      2: 'error_code enum ErrorCode',
      3: 'error_message string',
      4: 'tracking_info message TrackingInfo',
    },
    TrackingInfo: { 1: 'sequence_number uint64', 2: 'timestamp_ms int64' },
  },
  enums: {
    MediaType: { MEDIA_TYPE_UNSPECIFIED: 0, AUDIO: 1, VIDEO: 2, CONTROL: 3 },
    CloseReason: {
      CLOSE_REASON_UNSPECIFIED: 0,
      NORMAL: 1,
      TIMEOUT: 2,
      UNAVAILABLE: 3,
      ERROR: 4,
    },
    IdentityTrustLevel: { UNSPECIFIED: 0, INTERNAL: 1, EXTERNAL: 2, UNVERIFIED: 3 },
    AudioCodec: { AUDIO_CODEC_UNSPECIFIED: 0, OPUS: 1, MULAW: 2, ALAW: 3 },
    VideoCodec: { VIDEO_CODEC_UNSPECIFIED: 0, H264: 1 },
    VideoResolution: { VIDEO_RESOLUTION_UNSPECIFIED: 0, SD: 1, HD: 2, FHD: 3 },
    MediaControlAction: { MEDIA_CONTROL_ACTION_UNSPECIFIED: 0, REQUEST_KEYFRAME: 1 },
    MeetingCommandType: { MEETING_COMMAND_UNSPECIFIED: 0, REQUEST_ROSTER_REFRESH: 1 },
    ErrorCode: {
      ERROR_CODE_UNSPECIFIED: 0,
      UNSUPPORTED_MEDIA_TYPE: 1,
      UNSUPPORTED_CODEC: 2,
      INVALID_PAYLOAD: 3,
      CAPACITY_EXCEEDED: 4,
      PROCESSING_FAILED: 5,
      CONFIGURATION_ERROR: 6,
      MEDIA_UNAVAILABLE: 7,
      INTERNAL_ERROR: 8,
    },
  },
};

export const CISCO_HEALTH: PackageTable = {
  services: {
    Health: {
      Check: 'HealthCheckRequest -> HealthCheckResponse',
      Watch: 'HealthCheckRequest -> stream HealthCheckResponse',
    },
  },
  messages: {
    HealthCheckRequest: { 1: 'service string' },
    HealthCheckResponse: { 1: 'status enum ServingStatus' },
  },
  enums: { 'HealthCheckResponse.ServingStatus': { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2 } },
};
