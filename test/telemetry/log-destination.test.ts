import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { openLogDestination } from '../../src/telemetry/log-destination.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

function open() {
  const folder = mkdtempSync(join(tmpdir(), 'byova-log-'));
  const file = join(folder, 'log');
  const fd = openSync(file, 'a');
  onTestFinished(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  return { destination: openLogDestination(fd), read: () => readFileSync(file, 'utf8') };
}

describe('the way of log lines out of the process', () => {
  it('tells how many bytes wait, and that they have been taken', async () => {
    const { destination, read } = open();
    destination.write('a line\n');
    destination.write('żółć\n');
    expect(destination.waitingBytes()).toBeGreaterThan(0);
    expect(destination.waitingBytes()).toBeLessThanOrEqual(16);
    await vi.waitFor(() => expect(destination.waitingBytes()).toBe(0));
    expect(read()).toBe('a line\nżółć\n');
    expect(destination.dropped()).toBe(0);
  });

  it('writes at once what waits when it is closed', () => {
    const { destination, read } = open();
    destination.write('one\n');
    destination.write('two\n');
    destination.close();
    expect(read()).toBe('one\ntwo\n');
  });

  it('leaves no line behind that comes while others are being written', async () => {
    const { destination, read } = open();
    const long = `${'x'.repeat(16 * 1024)}\n`;
    destination.write(long);
    destination.write('short\n');
    await vi.waitFor(() => expect(destination.waitingBytes()).toBe(0));
    expect(read()).toBe(`${long}short\n`);
  });

  it('goes on when the reader has gone away, and counts what nobody gets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'byova-log-'));
    const fifo = join(folder, 'fifo');
    spawnSync('mkfifo', [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openSync(fifo, 'a');
    onTestFinished(() => {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    });
    const destination = openLogDestination(fd);
    closeSync(reader);
    destination.write('a line\n');
    await vi.waitFor(() => expect(destination.dropped()).toBe(1));
    destination.write('another\n');
    expect(destination.dropped()).toBe(2);
    expect(destination.waitingBytes()).toBe(0);
    destination.close();
  });

  it('drops lines beyond what may wait, counts them, and lets nobody wait', () => {
    const { destination } = open();
    const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    for (let count = 0; count < 8; count += 1) destination.write(line);
    expect(destination.dropped()).toBeGreaterThanOrEqual(3);
    expect(destination.waitingBytes()).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(destination.waitingBytes()).toBeGreaterThan(2 * 1024 * 1024);
  });
});

describe('the logger of the process', () => {
  it('changes its level from the next line on', () => {
    let lines = '';
    const logger = createLogger('info', { write: (line) => void (lines += line) });
    const verbose = logger.atLevel('debug');
    logger.debug({}, 'one');
    logger.setLevel('debug');
    logger.debug({}, 'two');
    logger.setLevel('error');
    logger.info({}, 'three');
    // What an operator has set for one call stays.
    verbose.debug({}, 'four');
    expect(lines.match(/"msg":"\w+"/gu)).toEqual(['"msg":"two"', '"msg":"four"']);
  });
});
