// Original file: proto/media-intelligence/multimedia.proto

import type { MediaType as _com_cisco_wcc_ccai_media_v1_MediaType, MediaType__Output as _com_cisco_wcc_ccai_media_v1_MediaType__Output } from '../../../../../../com/cisco/wcc/ccai/media/v1/MediaType.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../../../../../google/protobuf/Struct.ts';

export interface StreamOpen {
  'stream_id'?: (string);
  'media_type'?: (_com_cisco_wcc_ccai_media_v1_MediaType);
  'org_id'?: (string);
  'conversation_id'?: (string);
  'parameters'?: (_google_protobuf_Struct | null);
}

export interface StreamOpen__Output {
  'stream_id': (string);
  'media_type': (_com_cisco_wcc_ccai_media_v1_MediaType__Output);
  'org_id': (string);
  'conversation_id': (string);
  'parameters': (_google_protobuf_Struct__Output | null);
}
