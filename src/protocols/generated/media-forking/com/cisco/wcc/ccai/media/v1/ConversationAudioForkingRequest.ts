// Original file: proto/media-forking/conversationaudioforking.proto

import type { AudioStream as _com_cisco_wcc_ccai_media_v1_AudioStream, AudioStream__Output as _com_cisco_wcc_ccai_media_v1_AudioStream__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/AudioStream.ts';

export interface ConversationAudioForkingRequest {
  'conversation_id'?: (string);
  'customer_org_id'?: (string);
  'audio'?: (_com_cisco_wcc_ccai_media_v1_AudioStream | null);
  'additional_info'?: ({[key: string]: string});
}

export interface ConversationAudioForkingRequest__Output {
  'conversation_id': (string);
  'customer_org_id': (string);
  'audio': (_com_cisco_wcc_ccai_media_v1_AudioStream__Output | null);
  'additional_info': ({[key: string]: string});
}
