// Original file: proto/media-intelligence/multimedia.proto

export const CloseReason = {
  CLOSE_REASON_UNSPECIFIED: 'CLOSE_REASON_UNSPECIFIED',
  NORMAL: 'NORMAL',
  TIMEOUT: 'TIMEOUT',
  UNAVAILABLE: 'UNAVAILABLE',
  ERROR: 'ERROR',
} as const;

export type CloseReason =
  | 'CLOSE_REASON_UNSPECIFIED'
  | 0
  | 'NORMAL'
  | 1
  | 'TIMEOUT'
  | 2
  | 'UNAVAILABLE'
  | 3
  | 'ERROR'
  | 4

export type CloseReason__Output = typeof CloseReason[keyof typeof CloseReason]
