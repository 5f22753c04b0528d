// Original file: proto/media-intelligence/multimedia.proto

import type { AudioConfig as _com_cisco_wcc_ccai_media_v1_AudioConfig, AudioConfig__Output as _com_cisco_wcc_ccai_media_v1_AudioConfig__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/AudioConfig.ts';
import type { VideoConfig as _com_cisco_wcc_ccai_media_v1_VideoConfig, VideoConfig__Output as _com_cisco_wcc_ccai_media_v1_VideoConfig__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/VideoConfig.ts';

export interface MediaStreamRequest {
  'audio_config'?: (_com_cisco_wcc_ccai_media_v1_AudioConfig | null);
  'video_config'?: (_com_cisco_wcc_ccai_media_v1_VideoConfig | null);
  'config'?: "audio_config"|"video_config";
}

export interface MediaStreamRequest__Output {
  'audio_config'?: (_com_cisco_wcc_ccai_media_v1_AudioConfig__Output | null);
  'video_config'?: (_com_cisco_wcc_ccai_media_v1_VideoConfig__Output | null);
  'config'?: "audio_config"|"video_config";
}
