// Original file: proto/voice-virtual-agent/voicevirtualagent.proto


export interface Prompt {
  'text'?: (string);
  'audio_uri'?: (string);
  'audio_content'?: (Buffer | Uint8Array | string);
  'is_barge_in_enabled'?: (boolean);
}

export interface Prompt__Output {
  'text': (string);
  'audio_uri': (string);
  'audio_content': (Buffer);
  'is_barge_in_enabled': (boolean);
}
