// Original file: proto/media-intelligence/multimedia.proto

import type { Long } from '@grpc/proto-loader';

export interface MediaPayload {
  'data'?: (Buffer | Uint8Array | string);
  'timestamp_ms'?: (number | string | Long);
  'sequence_number'?: (number | string | Long);
  'participant_id'?: (string);
}

export interface MediaPayload__Output {
  'data': (Buffer);
  'timestamp_ms': (string);
  'sequence_number': (string);
  'participant_id': (string);
}
