// Original file: proto/media-intelligence/multimedia.proto

export const MediaType = {
  MEDIA_TYPE_UNSPECIFIED: 'MEDIA_TYPE_UNSPECIFIED',
  AUDIO: 'AUDIO',
  VIDEO: 'VIDEO',
  CONTROL: 'CONTROL',
} as const;

export type MediaType =
  | 'MEDIA_TYPE_UNSPECIFIED'
  | 0
  | 'AUDIO'
  | 1
  | 'VIDEO'
  | 2
  | 'CONTROL'
  | 3

export type MediaType__Output = typeof MediaType[keyof typeof MediaType]
