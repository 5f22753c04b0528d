import { expect, it } from 'vitest';
import { loadHealth } from '../../../src/protocols/health/wire.ts';
import { bytesField, varintField } from '../../support/golden-bytes.ts';

const { Check, Watch } = loadHealth();

it('a question names a service and an answer gives its state', () => {
  expect(Check.requestDeserialize(bytesField(1, 'a.Service'))).toEqual({ service: 'a.Service' });
  expect(Check.responseSerialize({ status: 'NOT_SERVING' })).toEqual(varintField(1, 2));
  expect(Watch).toMatchObject({ requestStream: false, responseStream: true });
});
