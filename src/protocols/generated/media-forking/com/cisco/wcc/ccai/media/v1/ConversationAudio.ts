// Original file: proto/media-forking/conversationaudioforking.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { ConversationAudioForkingRequest as _com_cisco_wcc_ccai_media_v1_ConversationAudioForkingRequest, ConversationAudioForkingRequest__Output as _com_cisco_wcc_ccai_media_v1_ConversationAudioForkingRequest__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ConversationAudioForkingRequest.ts';
import type { ConversationAudioForkingResponse as _com_cisco_wcc_ccai_media_v1_ConversationAudioForkingResponse, ConversationAudioForkingResponse__Output as _com_cisco_wcc_ccai_media_v1_ConversationAudioForkingResponse__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ConversationAudioForkingResponse.ts';

export interface ConversationAudioDefinition {
  StreamConversationAudio: MethodDefinition<_com_cisco_wcc_ccai_media_v1_ConversationAudioForkingRequest, _com_cisco_wcc_ccai_media_v1_ConversationAudioForkingResponse, _com_cisco_wcc_ccai_media_v1_ConversationAudioForkingRequest__Output, _com_cisco_wcc_ccai_media_v1_ConversationAudioForkingResponse__Output>
}
