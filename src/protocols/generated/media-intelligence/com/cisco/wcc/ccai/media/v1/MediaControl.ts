// Original file: proto/media-intelligence/multimedia.proto

import type { MediaControlAction as _com_cisco_wcc_ccai_media_v1_MediaControlAction, MediaControlAction__Output as _com_cisco_wcc_ccai_media_v1_MediaControlAction__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MediaControlAction.ts';

export interface MediaControl {
  'action'?: (_com_cisco_wcc_ccai_media_v1_MediaControlAction);
  'stream_id'?: (string);
}

export interface MediaControl__Output {
  'action': (_com_cisco_wcc_ccai_media_v1_MediaControlAction__Output);
  'stream_id': (string);
}
