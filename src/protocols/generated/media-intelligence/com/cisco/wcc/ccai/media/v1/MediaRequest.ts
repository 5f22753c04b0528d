// Original file: proto/media-intelligence/multimedia.proto

import type { StreamOpen as _com_cisco_wcc_ccai_media_v1_StreamOpen, StreamOpen__Output as _com_cisco_wcc_ccai_media_v1_StreamOpen__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/StreamOpen.ts';
import type { MediaPayload as _com_cisco_wcc_ccai_media_v1_MediaPayload, MediaPayload__Output as _com_cisco_wcc_ccai_media_v1_MediaPayload__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MediaPayload.ts';
import type { StreamClose as _com_cisco_wcc_ccai_media_v1_StreamClose, StreamClose__Output as _com_cisco_wcc_ccai_media_v1_StreamClose__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/StreamClose.ts';

export interface MediaRequest {
  'stream_open'?: (_com_cisco_wcc_ccai_media_v1_StreamOpen | null);
  'media_payload'?: (_com_cisco_wcc_ccai_media_v1_MediaPayload | null);
  'stream_close'?: (_com_cisco_wcc_ccai_media_v1_StreamClose | null);
  'payload'?: "stream_open"|"media_payload"|"stream_close";
}

export interface MediaRequest__Output {
  'stream_open'?: (_com_cisco_wcc_ccai_media_v1_StreamOpen__Output | null);
  'media_payload'?: (_com_cisco_wcc_ccai_media_v1_MediaPayload__Output | null);
  'stream_close'?: (_com_cisco_wcc_ccai_media_v1_StreamClose__Output | null);
  'payload'?: "stream_open"|"media_payload"|"stream_close";
}
