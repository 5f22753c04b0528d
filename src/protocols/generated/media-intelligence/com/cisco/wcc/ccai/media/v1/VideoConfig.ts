// Original file: proto/media-intelligence/multimedia.proto

import type { VideoCodec as _com_cisco_wcc_ccai_media_v1_VideoCodec, VideoCodec__Output as _com_cisco_wcc_ccai_media_v1_VideoCodec__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/VideoCodec.ts';
import type { VideoResolution as _com_cisco_wcc_ccai_media_v1_VideoResolution, VideoResolution__Output as _com_cisco_wcc_ccai_media_v1_VideoResolution__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/VideoResolution.ts';

export interface VideoConfig {
  'codec'?: (_com_cisco_wcc_ccai_media_v1_VideoCodec);
  'max_resolution'?: (_com_cisco_wcc_ccai_media_v1_VideoResolution);
  'max_fps'?: (number);
  'participant_ids'?: (string)[];
}

export interface VideoConfig__Output {
  'codec': (_com_cisco_wcc_ccai_media_v1_VideoCodec__Output);
  'max_resolution': (_com_cisco_wcc_ccai_media_v1_VideoResolution__Output);
  'max_fps': (number);
  'participant_ids': (string)[];
}
