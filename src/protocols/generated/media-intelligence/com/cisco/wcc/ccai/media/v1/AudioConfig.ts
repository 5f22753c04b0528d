// Original file: proto/media-intelligence/multimedia.proto

import type { AudioCodec as _com_cisco_wcc_ccai_media_v1_AudioCodec, AudioCodec__Output as _com_cisco_wcc_ccai_media_v1_AudioCodec__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/AudioCodec.ts';

export interface AudioConfig {
  'codec'?: (_com_cisco_wcc_ccai_media_v1_AudioCodec);
  'max_streams'?: (number);
}

export interface AudioConfig__Output {
  'codec': (_com_cisco_wcc_ccai_media_v1_AudioCodec__Output);
  'max_streams': (number);
}
