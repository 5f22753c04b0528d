// Original file: proto/media-intelligence/multimedia.proto

import type { StreamOpen as _com_cisco_wcc_ccai_media_v1_StreamOpen, StreamOpen__Output as _com_cisco_wcc_ccai_media_v1_StreamOpen__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/StreamOpen.ts';
import type { ServiceData as _com_cisco_wcc_ccai_media_v1_ServiceData, ServiceData__Output as _com_cisco_wcc_ccai_media_v1_ServiceData__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ServiceData.ts';
import type { StreamError as _com_cisco_wcc_ccai_media_v1_StreamError, StreamError__Output as _com_cisco_wcc_ccai_media_v1_StreamError__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/StreamError.ts';
import type { StreamClose as _com_cisco_wcc_ccai_media_v1_StreamClose, StreamClose__Output as _com_cisco_wcc_ccai_media_v1_StreamClose__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/StreamClose.ts';

export interface ControlRequest {
  'stream_open'?: (_com_cisco_wcc_ccai_media_v1_StreamOpen | null);
  'service_data'?: (_com_cisco_wcc_ccai_media_v1_ServiceData | null);
  'stream_error'?: (_com_cisco_wcc_ccai_media_v1_StreamError | null);
  'stream_close'?: (_com_cisco_wcc_ccai_media_v1_StreamClose | null);
  'payload'?: "stream_open"|"service_data"|"stream_error"|"stream_close";
}

export interface ControlRequest__Output {
  'stream_open'?: (_com_cisco_wcc_ccai_media_v1_StreamOpen__Output | null);
  'service_data'?: (_com_cisco_wcc_ccai_media_v1_ServiceData__Output | null);
  'stream_error'?: (_com_cisco_wcc_ccai_media_v1_StreamError__Output | null);
  'stream_close'?: (_com_cisco_wcc_ccai_media_v1_StreamClose__Output | null);
  'payload'?: "stream_open"|"service_data"|"stream_error"|"stream_close";
}
