// Original file: proto/media-intelligence/multimedia.proto

import type { Roster as _com_cisco_wcc_ccai_media_v1_Roster, Roster__Output as _com_cisco_wcc_ccai_media_v1_Roster__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/Roster.ts';

export interface MeetingData {
  'roster'?: (_com_cisco_wcc_ccai_media_v1_Roster | null);
  'payload'?: "roster";
}

export interface MeetingData__Output {
  'roster'?: (_com_cisco_wcc_ccai_media_v1_Roster__Output | null);
  'payload'?: "roster";
}
