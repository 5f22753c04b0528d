// Original file: proto/media-intelligence/multimedia.proto

import type { MeetingData as _com_cisco_wcc_ccai_media_v1_MeetingData, MeetingData__Output as _com_cisco_wcc_ccai_media_v1_MeetingData__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MeetingData.ts';

export interface ServiceData {
  'meeting_data'?: (_com_cisco_wcc_ccai_media_v1_MeetingData | null);
  'payload'?: "meeting_data";
}

export interface ServiceData__Output {
  'meeting_data'?: (_com_cisco_wcc_ccai_media_v1_MeetingData__Output | null);
  'payload'?: "meeting_data";
}
