// Original file: proto/media-forking/media_service_common.proto

export const ParticipantRole = {
  ROLE_UNSPECIFIED: 'ROLE_UNSPECIFIED',
  CALLER: 'CALLER',
  AGENT: 'AGENT',
} as const;

export type ParticipantRole =
  | 'ROLE_UNSPECIFIED'
  | 0
  | 'CALLER'
  | 1
  | 'AGENT'
  | 2

export type ParticipantRole__Output = typeof ParticipantRole[keyof typeof ParticipantRole]
