// Original file: proto/media-intelligence/multimedia.proto

import type { MeetingCommandType as _com_cisco_wcc_ccai_media_v1_MeetingCommandType, MeetingCommandType__Output as _com_cisco_wcc_ccai_media_v1_MeetingCommandType__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MeetingCommandType.ts';

export interface MeetingCommand {
  'command'?: (_com_cisco_wcc_ccai_media_v1_MeetingCommandType);
}

export interface MeetingCommand__Output {
  'command': (_com_cisco_wcc_ccai_media_v1_MeetingCommandType__Output);
}
