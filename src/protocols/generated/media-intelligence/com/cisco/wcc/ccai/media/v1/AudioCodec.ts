// Original file: proto/media-intelligence/multimedia.proto

export const AudioCodec = {
  AUDIO_CODEC_UNSPECIFIED: 'AUDIO_CODEC_UNSPECIFIED',
  OPUS: 'OPUS',
  MULAW: 'MULAW',
  ALAW: 'ALAW',
} as const;

export type AudioCodec =
  | 'AUDIO_CODEC_UNSPECIFIED'
  | 0
  | 'OPUS'
  | 1
  | 'MULAW'
  | 2
  | 'ALAW'
  | 3

export type AudioCodec__Output = typeof AudioCodec[keyof typeof AudioCodec]
