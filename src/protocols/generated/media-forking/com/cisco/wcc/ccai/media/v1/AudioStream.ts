// Original file: proto/media-forking/conversationaudioforking.proto

import type { AudioEncoding as _com_cisco_wcc_ccai_media_v1_AudioEncoding, AudioEncoding__Output as _com_cisco_wcc_ccai_media_v1_AudioEncoding__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/AudioEncoding.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../../../../google/protobuf/Timestamp.ts';
import type { ParticipantRole as _com_cisco_wcc_ccai_media_v1_ParticipantRole, ParticipantRole__Output as _com_cisco_wcc_ccai_media_v1_ParticipantRole__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/ParticipantRole.ts';

export interface AudioStream {
  'audio_data'?: (Buffer | Uint8Array | string);
  'encoding'?: (_com_cisco_wcc_ccai_media_v1_AudioEncoding);
  'sample_rate_hertz'?: (number);
  'audio_timestamp'?: (_google_protobuf_Timestamp | null);
  'role'?: (_com_cisco_wcc_ccai_media_v1_ParticipantRole);
  'role_id'?: (string);
}

export interface AudioStream__Output {
  'audio_data': (Buffer);
  'encoding': (_com_cisco_wcc_ccai_media_v1_AudioEncoding__Output);
  'sample_rate_hertz': (number);
  'audio_timestamp': (_google_protobuf_Timestamp__Output | null);
  'role': (_com_cisco_wcc_ccai_media_v1_ParticipantRole__Output);
  'role_id': (string);
}
