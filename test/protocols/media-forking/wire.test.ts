import { expect, it } from 'vitest';
import { loadConversationAudio } from '../../../src/protocols/media-forking/wire.ts';
import { bytesField, messageField, varintField } from '../../support/golden-bytes.ts';

const { StreamConversationAudio } = loadConversationAudio();

it('a frame of a leg is read as it lies on the wire', () => {
  const bytes = Buffer.concat([
    bytesField(1, 'call'),
    bytesField(2, 'org'),
    messageField(
      3,
      bytesField(1, Uint8Array.of(1, 2, 3)),
      varintField(2, 3),
      varintField(3, 16_000),
      messageField(4, varintField(1, 1_700_000_000n), varintField(2, 5)),
      varintField(5, 2),
      bytesField(6, 'leg'),
    ),
  ]);
  expect(StreamConversationAudio.requestDeserialize(bytes)).toEqual({
    conversation_id: 'call',
    customer_org_id: 'org',
    audio: {
      audio_data: Buffer.of(1, 2, 3),
      encoding: 'ALAW',
      sample_rate_hertz: 16_000,
      audio_timestamp: { seconds: '1700000000', nanos: 5 },
      role: 'AGENT',
      role_id: 'leg',
    },
    additional_info: {},
  });
});
