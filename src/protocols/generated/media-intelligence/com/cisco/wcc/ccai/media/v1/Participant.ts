// Original file: proto/media-intelligence/multimedia.proto

import type { IdentityTrustLevel as _com_cisco_wcc_ccai_media_v1_IdentityTrustLevel, IdentityTrustLevel__Output as _com_cisco_wcc_ccai_media_v1_IdentityTrustLevel__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/IdentityTrustLevel.ts';
import type { Long } from '@grpc/proto-loader';

export interface Participant {
  'participant_id'?: (string);
  'display_name'?: (string);
  'audio_active'?: (boolean);
  'video_active'?: (boolean);
  'cohost'?: (boolean);
  'joined_at_ms'?: (number | string | Long);
  'trust_level'?: (_com_cisco_wcc_ccai_media_v1_IdentityTrustLevel);
}

export interface Participant__Output {
  'participant_id': (string);
  'display_name': (string);
  'audio_active': (boolean);
  'video_active': (boolean);
  'cohost': (boolean);
  'joined_at_ms': (string);
  'trust_level': (_com_cisco_wcc_ccai_media_v1_IdentityTrustLevel__Output);
}
