// Original file: proto/media-forking/conversationaudioforking.proto

import type { ErrorCode as _com_cisco_wcc_ccai_media_v1_ErrorCode, ErrorCode__Output as _com_cisco_wcc_ccai_media_v1_ErrorCode__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ErrorCode.ts';

export interface ConversationAudioForkingResponse {
  'status_message'?: (string);
  'error_code'?: (_com_cisco_wcc_ccai_media_v1_ErrorCode);
}

export interface ConversationAudioForkingResponse__Output {
  'status_message': (string);
  'error_code': (_com_cisco_wcc_ccai_media_v1_ErrorCode__Output);
}
