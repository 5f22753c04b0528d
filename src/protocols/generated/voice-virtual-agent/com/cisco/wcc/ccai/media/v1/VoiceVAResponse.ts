// Original file: proto/voice-virtual-agent/voicevirtualagent.proto

import type { Prompt as _com_cisco_wcc_ccai_media_v1_Prompt, Prompt__Output as _com_cisco_wcc_ccai_media_v1_Prompt__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/Prompt.ts';
import type { OutputEvent as _com_cisco_wcc_ccai_media_v1_OutputEvent, OutputEvent__Output as _com_cisco_wcc_ccai_media_v1_OutputEvent__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/OutputEvent.ts';
import type { VoiceVAInputMode as _com_cisco_wcc_ccai_media_v1_VoiceVAInputMode, VoiceVAInputMode__Output as _com_cisco_wcc_ccai_media_v1_VoiceVAInputMode__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/VoiceVAInputMode.ts';
import type { InputHandlingConfig as _com_cisco_wcc_ccai_media_v1_InputHandlingConfig, InputHandlingConfig__Output as _com_cisco_wcc_ccai_media_v1_InputHandlingConfig__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/InputHandlingConfig.ts';
import type { TextContent as _com_cisco_wcc_ccai_media_v1_TextContent, TextContent__Output as _com_cisco_wcc_ccai_media_v1_TextContent__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/TextContent.ts';

// Original file: proto/voice-virtual-agent/voicevirtualagent.proto

export const _com_cisco_wcc_ccai_media_v1_VoiceVAResponse_ResponseType = {
  FINAL: 'FINAL',
  PARTIAL: 'PARTIAL',
  CHUNK: 'CHUNK',
} as const;

export type _com_cisco_wcc_ccai_media_v1_VoiceVAResponse_ResponseType =
  | 'FINAL'
  | 0
  | 'PARTIAL'
  | 1
  | 'CHUNK'
  | 2

export type _com_cisco_wcc_ccai_media_v1_VoiceVAResponse_ResponseType__Output = typeof _com_cisco_wcc_ccai_media_v1_VoiceVAResponse_ResponseType[keyof typeof _com_cisco_wcc_ccai_media_v1_VoiceVAResponse_ResponseType]

export interface VoiceVAResponse {
  'prompts'?: (_com_cisco_wcc_ccai_media_v1_Prompt)[];
  'output_events'?: (_com_cisco_wcc_ccai_media_v1_OutputEvent)[];
  'input_sensitive'?: (boolean);
  'input_mode'?: (_com_cisco_wcc_ccai_media_v1_VoiceVAInputMode);
  'input_handling_config'?: (_com_cisco_wcc_ccai_media_v1_InputHandlingConfig | null);
  'session_transcript'?: (_com_cisco_wcc_ccai_media_v1_TextContent | null);
  'session_summary'?: (_com_cisco_wcc_ccai_media_v1_TextContent | null);
  'response_type'?: (_com_cisco_wcc_ccai_media_v1_VoiceVAResponse_ResponseType);
  'disable_prompt_cancellation'?: (boolean);
}

export interface VoiceVAResponse__Output {
  'prompts': (_com_cisco_wcc_ccai_media_v1_Prompt__Output)[];
  'output_events': (_com_cisco_wcc_ccai_media_v1_OutputEvent__Output)[];
  'input_sensitive': (boolean);
  'input_mode': (_com_cisco_wcc_ccai_media_v1_VoiceVAInputMode__Output);
  'input_handling_config': (_com_cisco_wcc_ccai_media_v1_InputHandlingConfig__Output | null);
  'session_transcript': (_com_cisco_wcc_ccai_media_v1_TextContent__Output | null);
  'session_summary': (_com_cisco_wcc_ccai_media_v1_TextContent__Output | null);
  'response_type': (_com_cisco_wcc_ccai_media_v1_VoiceVAResponse_ResponseType__Output);
  'disable_prompt_cancellation': (boolean);
}
