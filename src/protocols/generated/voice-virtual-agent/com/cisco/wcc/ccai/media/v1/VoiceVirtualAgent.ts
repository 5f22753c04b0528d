// Original file: proto/voice-virtual-agent/voicevirtualagent.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { ListVARequest as _com_cisco_wcc_ccai_media_v1_ListVARequest, ListVARequest__Output as _com_cisco_wcc_ccai_media_v1_ListVARequest__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ListVARequest.ts';
import type { ListVAResponse as _com_cisco_wcc_ccai_media_v1_ListVAResponse, ListVAResponse__Output as _com_cisco_wcc_ccai_media_v1_ListVAResponse__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ListVAResponse.ts';
import type { VoiceVARequest as _com_cisco_wcc_ccai_media_v1_VoiceVARequest, VoiceVARequest__Output as _com_cisco_wcc_ccai_media_v1_VoiceVARequest__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/VoiceVARequest.ts';
import type { VoiceVAResponse as _com_cisco_wcc_ccai_media_v1_VoiceVAResponse, VoiceVAResponse__Output as _com_cisco_wcc_ccai_media_v1_VoiceVAResponse__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/VoiceVAResponse.ts';

export interface VoiceVirtualAgentDefinition {
  ListVirtualAgents: MethodDefinition<_com_cisco_wcc_ccai_media_v1_ListVARequest, _com_cisco_wcc_ccai_media_v1_ListVAResponse, _com_cisco_wcc_ccai_media_v1_ListVARequest__Output, _com_cisco_wcc_ccai_media_v1_ListVAResponse__Output>
  ProcessCallerInput: MethodDefinition<_com_cisco_wcc_ccai_media_v1_VoiceVARequest, _com_cisco_wcc_ccai_media_v1_VoiceVAResponse, _com_cisco_wcc_ccai_media_v1_VoiceVARequest__Output, _com_cisco_wcc_ccai_media_v1_VoiceVAResponse__Output>
}
