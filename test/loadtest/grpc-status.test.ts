import { describe, expect, it } from 'vitest';

import { readGrpcStatus } from '../../loadtest/support/grpc-status.ts';

const block = (hex: string): Buffer => Buffer.from(`40${hex}`, 'hex');

describe('the status in trailers', () => {
  it('is read from the code of nghttp2, in plain letters, and in Huffman’s code', () => {
    expect(readGrpcStatus(block('889acac8b21234da8f0130'))).toBe('0');
    expect(readGrpcStatus(block('889acac8b21234da8f023134'))).toBe('14');
    expect(readGrpcStatus(block('0b677270632d7374617475730130'))).toBe('0');
    expect(readGrpcStatus(block('889acac8b21234da8f8107'))).toBe('0');
  });

  it('is unknown where it is not said', () => {
    expect(readGrpcStatus(Buffer.from('88', 'hex'))).toBe('unknown');
  });
});
