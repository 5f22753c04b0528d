// Original file: proto/media-intelligence/multimedia.proto

export const IdentityTrustLevel = {
  UNSPECIFIED: 'UNSPECIFIED',
  INTERNAL: 'INTERNAL',
  EXTERNAL: 'EXTERNAL',
  UNVERIFIED: 'UNVERIFIED',
} as const;

export type IdentityTrustLevel =
  | 'UNSPECIFIED'
  | 0
  | 'INTERNAL'
  | 1
  | 'EXTERNAL'
  | 2
  | 'UNVERIFIED'
  | 3

export type IdentityTrustLevel__Output = typeof IdentityTrustLevel[keyof typeof IdentityTrustLevel]
