import { EventEmitter } from 'node:events';

import { describe, expect, it, onTestFinished } from 'vitest';

import { createDevelopmentConfig, toLoopbackConfig } from '../../src/cli/development-config.ts';
import {
  DEVELOPMENT_CLAIMS,
  DEVELOPMENT_ORGANISATION,
  startDevelopmentBroker,
} from '../../src/cli/development.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Gateway } from '../../src/gateway.ts';
import { runServer } from '../../src/main.ts';
import { connectWebex } from '../../src/simulator/caller.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { KEY, VOICE } from '../support/gateway-rig.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const organisationId = DEVELOPMENT_ORGANISATION;

async function createProcess(bot = 'echo') {
  const broker = await startDevelopmentBroker({ key: await KEY });
  onTestFinished(() => broker.close());
  const config = toLoopbackConfig(
    createDevelopmentConfig({ use: bot, options: {} }, import.meta.dirname),
    broker,
    0,
  );
  const events = new EventEmitter();
  const { logger, events: logged, lines } = createLogRecorder();
  const deps = { clock: systemClock, logger, fetch, events, synthesiser: VOICE };
  const run = (onReady?: (gateway: Gateway) => void | Promise<void>) =>
    runServer(config, deps, onReady);
  return { run, events, logged, lines, broker };
}

describe('the process around a gateway', () => {
  it('drains and ends well when it is told to stop', async () => {
    const { run, events, logged } = await createProcess();
    expect(await run(() => void events.emit('SIGTERM'))).toBe(0);
    expect(logged()).toEqual(
      expect.arrayContaining(['gateway.ready', 'gateway.draining', 'gateway.stopped']),
    );
    expect(events.eventNames()).toEqual([]);
  });

  it('ends at once, and says so, when it is told a second time', async () => {
    const { run, events, broker } = await createProcess();
    const code = await run(async (gateway) => {
      const webex = connectWebex({
        target: `127.0.0.1:${gateway.grpcPort}`,
        token: broker.issuer.mint({ ...DEVELOPMENT_CLAIMS, organisationId }),
      });
      onTestFinished(async () => {
        webex.close();
        await gateway.close();
      });
      const requests = createRequestWriter({
        conversationId: 'a',
        organisationId,
      });
      const start = webex.openTurn();
      start.send(requests.event('SESSION_START'));
      await start.status;
      // Open and silent: the drain waits for it.
      webex.openTurn().send(requests.audio(new Uint8Array(160).fill(0xff)));
      events.emit('SIGTERM');
      events.emit('SIGINT');
    });
    expect(code).toBe(130);
  });

  it('outlives faults that nobody caught, and logs them without what they say', async () => {
    const { run, events, lines } = await createProcess();
    await run(async ({ adminPort }) => {
      events.emit('uncaughtException', new RangeError('4111 1111 1111 1111'));
      events.emit('unhandledRejection', 'a string');
      const { status } = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
      expect(status).toBe(200);
      events.emit('SIGINT');
    });
    const faults = lines.filter(({ fields }) => fields['event'] === 'process.fault');
    expect(faults.map(({ fields }) => fields['error'])).toEqual(['RangeError', 'string']);
    expect(JSON.stringify(faults)).not.toContain('4111');
  });

  it('does not wait for a start that is no longer wanted', async () => {
    const { run, events } = await createProcess();
    let isReady = false;
    const code = run(() => void (isReady = true));
    events.emit('SIGTERM');
    expect([await code, isReady]).toEqual([0, false]);
  });

  it('lets out what kept the gateway from starting, and no listener stays', async () => {
    const { run, events } = await createProcess('no-such-bot');
    await expect(run()).rejects.toMatchObject({ code: 'ERR_HANDLER_LOAD' });
    expect(events.eventNames()).toEqual([]);
  });
});
