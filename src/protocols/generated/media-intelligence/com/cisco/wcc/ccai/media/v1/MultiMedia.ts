// Original file: proto/media-intelligence/multimedia.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { ControlRequest as _com_cisco_wcc_ccai_media_v1_ControlRequest, ControlRequest__Output as _com_cisco_wcc_ccai_media_v1_ControlRequest__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ControlRequest.ts';
import type { ControlResponse as _com_cisco_wcc_ccai_media_v1_ControlResponse, ControlResponse__Output as _com_cisco_wcc_ccai_media_v1_ControlResponse__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ControlResponse.ts';
import type { MediaRequest as _com_cisco_wcc_ccai_media_v1_MediaRequest, MediaRequest__Output as _com_cisco_wcc_ccai_media_v1_MediaRequest__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MediaRequest.ts';
import type { MediaResponse as _com_cisco_wcc_ccai_media_v1_MediaResponse, MediaResponse__Output as _com_cisco_wcc_ccai_media_v1_MediaResponse__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MediaResponse.ts';

export interface MultiMediaDefinition {
  StreamControl: MethodDefinition<_com_cisco_wcc_ccai_media_v1_ControlRequest, _com_cisco_wcc_ccai_media_v1_ControlResponse, _com_cisco_wcc_ccai_media_v1_ControlRequest__Output, _com_cisco_wcc_ccai_media_v1_ControlResponse__Output>
  StreamMedia: MethodDefinition<_com_cisco_wcc_ccai_media_v1_MediaRequest, _com_cisco_wcc_ccai_media_v1_MediaResponse, _com_cisco_wcc_ccai_media_v1_MediaRequest__Output, _com_cisco_wcc_ccai_media_v1_MediaResponse__Output>
}
