// Original file: proto/media-intelligence/multimedia.proto

export const MediaControlAction = {
  MEDIA_CONTROL_ACTION_UNSPECIFIED: 'MEDIA_CONTROL_ACTION_UNSPECIFIED',
  REQUEST_KEYFRAME: 'REQUEST_KEYFRAME',
} as const;

export type MediaControlAction =
  | 'MEDIA_CONTROL_ACTION_UNSPECIFIED'
  | 0
  | 'REQUEST_KEYFRAME'
  | 1

export type MediaControlAction__Output = typeof MediaControlAction[keyof typeof MediaControlAction]
