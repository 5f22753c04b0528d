// Original file: proto/media-intelligence/multimedia.proto

import type { Long } from '@grpc/proto-loader';

export interface TrackingInfo {
  'sequence_number'?: (number | string | Long);
  'timestamp_ms'?: (number | string | Long);
}

export interface TrackingInfo__Output {
  'sequence_number': (string);
  'timestamp_ms': (string);
}
