// Original file: proto/media-intelligence/multimedia.proto

import type { Participant as _com_cisco_wcc_ccai_media_v1_Participant, Participant__Output as _com_cisco_wcc_ccai_media_v1_Participant__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/Participant.ts';
import type { Long } from '@grpc/proto-loader';

export interface Roster {
  'sequence_number'?: (number | string | Long);
  'refresh'?: (boolean);
  'additions'?: (_com_cisco_wcc_ccai_media_v1_Participant)[];
  'changes'?: (_com_cisco_wcc_ccai_media_v1_Participant)[];
  'removals'?: (string)[];
  'timestamp_ms'?: (number | string | Long);
}

export interface Roster__Output {
  'sequence_number': (string);
  'refresh': (boolean);
  'additions': (_com_cisco_wcc_ccai_media_v1_Participant__Output)[];
  'changes': (_com_cisco_wcc_ccai_media_v1_Participant__Output)[];
  'removals': (string)[];
  'timestamp_ms': (string);
}
