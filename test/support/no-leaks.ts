import { afterEach, expect } from 'vitest';

import { leaks } from './log-recorder.ts';

// Over the whole test run: whatever a test is about, no line that it logs may hold a token or a secret digit.
afterEach(() => {
  expect(leaks.splice(0)).toEqual([]);
});
