// Original file: proto/media-forking/media_service_common.proto

export const AudioEncoding = {
  UNSPECIFIED: 'UNSPECIFIED',
  LINEAR16: 'LINEAR16',
  MULAW: 'MULAW',
  ALAW: 'ALAW',
} as const;

export type AudioEncoding =
  | 'UNSPECIFIED'
  | 0
  | 'LINEAR16'
  | 1
  | 'MULAW'
  | 2
  | 'ALAW'
  | 3

export type AudioEncoding__Output = typeof AudioEncoding[keyof typeof AudioEncoding]
