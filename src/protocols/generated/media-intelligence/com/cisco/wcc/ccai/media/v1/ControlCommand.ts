// Original file: proto/media-intelligence/multimedia.proto

import type { MediaControl as _com_cisco_wcc_ccai_media_v1_MediaControl, MediaControl__Output as _com_cisco_wcc_ccai_media_v1_MediaControl__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MediaControl.ts';
import type { MeetingCommand as _com_cisco_wcc_ccai_media_v1_MeetingCommand, MeetingCommand__Output as _com_cisco_wcc_ccai_media_v1_MeetingCommand__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MeetingCommand.ts';

export interface ControlCommand {
  'media_control'?: (_com_cisco_wcc_ccai_media_v1_MediaControl | null);
  'meeting_command'?: (_com_cisco_wcc_ccai_media_v1_MeetingCommand | null);
  'command'?: "media_control"|"meeting_command";
}

export interface ControlCommand__Output {
  'media_control'?: (_com_cisco_wcc_ccai_media_v1_MediaControl__Output | null);
  'meeting_command'?: (_com_cisco_wcc_ccai_media_v1_MeetingCommand__Output | null);
  'command'?: "media_control"|"meeting_command";
}
