// Original file: proto/media-intelligence/multimedia.proto

export const VideoResolution = {
  VIDEO_RESOLUTION_UNSPECIFIED: 'VIDEO_RESOLUTION_UNSPECIFIED',
  SD: 'SD',
  HD: 'HD',
  FHD: 'FHD',
} as const;

export type VideoResolution =
  | 'VIDEO_RESOLUTION_UNSPECIFIED'
  | 0
  | 'SD'
  | 1
  | 'HD'
  | 2
  | 'FHD'
  | 3

export type VideoResolution__Output = typeof VideoResolution[keyof typeof VideoResolution]
