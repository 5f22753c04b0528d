// Original file: proto/media-intelligence/multimedia.proto

import type { CloseReason as _com_cisco_wcc_ccai_media_v1_CloseReason, CloseReason__Output as _com_cisco_wcc_ccai_media_v1_CloseReason__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/CloseReason.ts';

export interface StreamClose {
  'reason'?: (_com_cisco_wcc_ccai_media_v1_CloseReason);
  'close_message'?: (string);
}

export interface StreamClose__Output {
  'reason': (_com_cisco_wcc_ccai_media_v1_CloseReason__Output);
  'close_message': (string);
}
