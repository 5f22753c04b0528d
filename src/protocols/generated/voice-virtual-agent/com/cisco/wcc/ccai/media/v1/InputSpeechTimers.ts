// Original file: proto/voice-virtual-agent/byova_common.proto


export interface InputSpeechTimers {
  'max_speech_timeout_msec'?: (number);
  'complete_timeout_msec'?: (number);
  'incomplete_timeout_msec'?: (number);
  'no_input_timeout_msec'?: (number);
}

export interface InputSpeechTimers__Output {
  'max_speech_timeout_msec': (number);
  'complete_timeout_msec': (number);
  'incomplete_timeout_msec': (number);
  'no_input_timeout_msec': (number);
}
