// Original file: proto/media-forking/media_service_common.proto

export const ErrorCode = {
  ERROR_NONE: 'ERROR_NONE',
  ERROR_INVALID_AUDIO_FORMAT: 'ERROR_INVALID_AUDIO_FORMAT',
  ERROR_STREAM_FAILURE: 'ERROR_STREAM_FAILURE',
} as const;

export type ErrorCode =
  | 'ERROR_NONE'
  | 0
  | 'ERROR_INVALID_AUDIO_FORMAT'
  | 1
  | 'ERROR_STREAM_FAILURE'
  | 2

export type ErrorCode__Output = typeof ErrorCode[keyof typeof ErrorCode]
