import { describe, expect, it } from 'vitest';
import { loadMultiMedia } from '../../../src/protocols/media-intelligence/wire.ts';
import { bytesField, messageField, varintField } from '../../support/golden-bytes.ts';

const { StreamControl, StreamMedia } = loadMultiMedia();
const LARGEST_UINT64 = 18_446_744_073_709_551_615n;
const LARGEST_INT64 = 9_223_372_036_854_775_807n;

describe('64-bit integers of a meeting', () => {
  it('[check 12] arrive to the last digit', () => {
    const bytes = messageField(
      2,
      bytesField(1, 'frame'),
      varintField(2, LARGEST_INT64),
      varintField(3, LARGEST_UINT64),
    );
    expect(StreamMedia.requestDeserialize(bytes).media_payload).toMatchObject({
      timestamp_ms: String(LARGEST_INT64),
      sequence_number: String(LARGEST_UINT64),
    });
  });

  it('[check 12] leave to the last digit', () => {
    const bytes = StreamControl.responseSerialize({
      stream_error: {
        tracking_info: {
          sequence_number: String(LARGEST_UINT64),
          timestamp_ms: String(-LARGEST_INT64),
        },
      },
    });
    expect(bytes).toEqual(
      messageField(
        3,
        messageField(4, varintField(1, LARGEST_UINT64), varintField(2, -LARGEST_INT64)),
      ),
    );
  });

  it('[check 12] keep their precision inside a roster', () => {
    const beyondDouble = 9_007_199_254_740_993n;
    const roster = messageField(
      1,
      varintField(1, beyondDouble),
      messageField(3, bytesField(1, 'p-1'), varintField(6, beyondDouble)),
    );
    const request = StreamControl.requestDeserialize(messageField(2, messageField(1, roster)));
    expect(request.service_data?.meeting_data?.roster).toMatchObject({
      sequence_number: '9007199254740993',
      additions: [{ participant_id: 'p-1', joined_at_ms: '9007199254740993' }],
    });
  });
});

it('tells which member of a oneof came', () => {
  expect(StreamControl.requestDeserialize(messageField(4, varintField(1, 2)))).toMatchObject({
    payload: 'stream_close',
    stream_close: { reason: 'TIMEOUT', close_message: '' },
  });
});
