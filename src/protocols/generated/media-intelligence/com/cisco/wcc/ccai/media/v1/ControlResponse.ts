// Original file: proto/media-intelligence/multimedia.proto

import type { MediaStreamRequest as _com_cisco_wcc_ccai_media_v1_MediaStreamRequest, MediaStreamRequest__Output as _com_cisco_wcc_ccai_media_v1_MediaStreamRequest__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MediaStreamRequest.ts';
import type { ControlCommand as _com_cisco_wcc_ccai_media_v1_ControlCommand, ControlCommand__Output as _com_cisco_wcc_ccai_media_v1_ControlCommand__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ControlCommand.ts';
import type { StreamError as _com_cisco_wcc_ccai_media_v1_StreamError, StreamError__Output as _com_cisco_wcc_ccai_media_v1_StreamError__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/StreamError.ts';

export interface ControlResponse {
  'media_stream_request'?: (_com_cisco_wcc_ccai_media_v1_MediaStreamRequest | null);
  'control_command'?: (_com_cisco_wcc_ccai_media_v1_ControlCommand | null);
  'stream_error'?: (_com_cisco_wcc_ccai_media_v1_StreamError | null);
  'payload'?: "media_stream_request"|"control_command"|"stream_error";
}

export interface ControlResponse__Output {
  'media_stream_request'?: (_com_cisco_wcc_ccai_media_v1_MediaStreamRequest__Output | null);
  'control_command'?: (_com_cisco_wcc_ccai_media_v1_ControlCommand__Output | null);
  'stream_error'?: (_com_cisco_wcc_ccai_media_v1_StreamError__Output | null);
  'payload'?: "media_stream_request"|"control_command"|"stream_error";
}
