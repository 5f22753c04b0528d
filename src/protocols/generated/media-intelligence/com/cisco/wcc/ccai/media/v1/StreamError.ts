// Original file: proto/media-intelligence/multimedia.proto

import type { ErrorCode as _com_cisco_wcc_ccai_media_v1_ErrorCode, ErrorCode__Output as _com_cisco_wcc_ccai_media_v1_ErrorCode__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ErrorCode.ts';
import type { TrackingInfo as _com_cisco_wcc_ccai_media_v1_TrackingInfo, TrackingInfo__Output as _com_cisco_wcc_ccai_media_v1_TrackingInfo__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/TrackingInfo.ts';

export interface StreamError {
  'stream_id'?: (string);
  'error_code'?: (_com_cisco_wcc_ccai_media_v1_ErrorCode);
  'error_message'?: (string);
  'tracking_info'?: (_com_cisco_wcc_ccai_media_v1_TrackingInfo | null);
}

export interface StreamError__Output {
  'stream_id': (string);
  'error_code': (_com_cisco_wcc_ccai_media_v1_ErrorCode__Output);
  'error_message': (string);
  'tracking_info': (_com_cisco_wcc_ccai_media_v1_TrackingInfo__Output | null);
}
