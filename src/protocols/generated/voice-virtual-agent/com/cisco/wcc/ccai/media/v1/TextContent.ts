// Original file: proto/voice-virtual-agent/byova_common.proto


export interface TextContent {
  'text'?: (string);
  'ssml'?: (string);
  'language_code'?: (string);
  'input_content'?: "text"|"ssml";
}

export interface TextContent__Output {
  'text'?: (string);
  'ssml'?: (string);
  'language_code': (string);
  'input_content'?: "text"|"ssml";
}
