// Original file: proto/media-forking/media_service_common.proto


export interface InputTextContent {
  'text'?: (string);
  'ssml'?: (string);
  'language_code'?: (string);
  'input_content'?: "text"|"ssml";
}

export interface InputTextContent__Output {
  'text'?: (string);
  'ssml'?: (string);
  'language_code': (string);
  'input_content'?: "text"|"ssml";
}
