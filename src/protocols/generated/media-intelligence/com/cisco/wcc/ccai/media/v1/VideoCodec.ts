// Original file: proto/media-intelligence/multimedia.proto

export const VideoCodec = {
  VIDEO_CODEC_UNSPECIFIED: 'VIDEO_CODEC_UNSPECIFIED',
  H264: 'H264',
} as const;

export type VideoCodec =
  | 'VIDEO_CODEC_UNSPECIFIED'
  | 0
  | 'H264'
  | 1

export type VideoCodec__Output = typeof VideoCodec[keyof typeof VideoCodec]
