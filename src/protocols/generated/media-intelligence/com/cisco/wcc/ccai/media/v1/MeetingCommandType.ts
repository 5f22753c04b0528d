// Original file: proto/media-intelligence/multimedia.proto

export const MeetingCommandType = {
  MEETING_COMMAND_UNSPECIFIED: 'MEETING_COMMAND_UNSPECIFIED',
  REQUEST_ROSTER_REFRESH: 'REQUEST_ROSTER_REFRESH',
} as const;

export type MeetingCommandType =
  | 'MEETING_COMMAND_UNSPECIFIED'
  | 0
  | 'REQUEST_ROSTER_REFRESH'
  | 1

export type MeetingCommandType__Output = typeof MeetingCommandType[keyof typeof MeetingCommandType]
