import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { loadConfig } from '../../src/config/load-config.ts';
import { pollFile } from '../../src/config/poll-file.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Gateway } from '../../src/gateway.ts';
import { runServer } from '../../src/main.ts';
import { connectWebex } from '../../src/simulator/caller.ts';
import { startKeyServer } from '../../src/simulator/key-server.ts';
import { createTokenIssuer } from '../../src/simulator/token-issuer.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../../src/protocols/voice-virtual-agent/schema.ts';
import { KEY, ORGANISATION, VOICE } from '../support/gateway-rig.ts';
import { createLogRecorder } from '../support/log-recorder.ts';
import { createManualCall } from '../support/manual-call.ts';

const SOURCE = { url: 'https://a.example', audience: 'A', subject: 'S' };

/** A process that serves from a file, and what writes that file. */
async function serve(use: (rig: ReloadRig) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-reload-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const issuer = await createTokenIssuer({ issuer: 'http://127.0.0.1/idb', key: await KEY });
  const keyServer = await startKeyServer(issuer);
  const file = join(folder, 'byova.yaml');
  const write = (settings: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFile(
      file,
      JSON.stringify({
        grpc: { listen: '127.0.0.1:0' },
        admin: { listen: '127.0.0.1:0' },
        trust: { issuers: [{ issuer: issuer.issuer, jwksUri: keyServer.jwksUri }] },
        dataSources: [{ ...SOURCE, schema: 'voice-virtual-agent' }],
        agents: [{ id: 'first', default: true, bot: { use: 'echo' } }],
        ...settings,
      }),
    );
  await write({});
  const log = createLogRecorder();
  const events = new EventEmitter();
  const config = await loadConfig(file, {});
  const untilLogged = async (event: string): Promise<Readonly<Record<string, unknown>>> => {
    for (;;) {
      const line = log.lines.find(({ fields }) => fields['event'] === event);
      if (line !== undefined) return line.fields;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const deps = { clock: systemClock, logger: log.logger, fetch, synthesiser: VOICE, events };
  const source = {
    load: () => loadConfig(file, {}),
    watch: (onChange: () => void) => pollFile(file, onChange, deps),
  };
  await runServer(config, { ...deps, source }, async (gateway) => {
    const webex = connectWebex({
      target: `127.0.0.1:${gateway.grpcPort}`,
      token: issuer.mint({
        organisationId: ORGANISATION,
        schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
        ...SOURCE,
      }),
    });
    await use({ gateway, webex, write, events, untilLogged, log });
    webex.close();
    events.emit('SIGTERM');
  });
  expect(events.eventNames()).toEqual([]);
  await keyServer.close();
}

interface ReloadRig {
  readonly gateway: Gateway;
  readonly webex: ReturnType<typeof connectWebex>;
  readonly write: (settings: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly events: EventEmitter;
  readonly untilLogged: (event: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly log: ReturnType<typeof createLogRecorder>;
}

describe('a changed configuration', () => {
  it('is taken over on SIGHUP, and a call that goes on keeps its agent', async () => {
    await serve(async ({ webex, write, events, untilLogged }) => {
      const call = createManualCall('goes-on');
      await call.start(webex);
      await write({
        agents: [{ id: 'second', default: true, bot: { use: 'echo' } }],
        conversation: { maxConversations: 1 },
      });
      events.emit('SIGHUP');
      expect(await untilLogged('config.reloaded')).toMatchObject({
        taken: ['agents', 'conversation.maxConversations', 'conversation.maxPerOrganisation'],
        needRestart: [],
      });
      expect((await call.press(webex, '5')).name).toBe('OK');
      expect((await createManualCall('new').start(webex)).name).toBe('RESOURCE_EXHAUSTED');
      const { agents } = await webex.listVirtualAgents(ORGANISATION);
      expect(agents.map(({ id }) => id)).toEqual(['second']);
      expect(call.violations).toEqual([]);
    });
  });

  it('is taken over when its file changes, and names what needs a restart', async () => {
    await serve(async ({ write, untilLogged }) => {
      await write({ log: { identifiers: 'pseudonyms' }, speech: { cacheMegabytes: 8 } });
      expect(await untilLogged('config.reloaded')).toMatchObject({
        needRestart: ['speech.cacheBytes', 'log.identifiers'],
      });
    });
  });

  it('changes the level of the log, and back', async () => {
    await serve(async ({ write, events, log, untilLogged }) => {
      for (const level of ['debug', 'error', 'info'] as const) {
        await write({ log: { level } });
        log.lines.length = 0;
        events.emit('SIGHUP');
        expect(await untilLogged('config.reloaded')).toMatchObject({
          taken: level === 'info' ? ['agents'] : ['agents', 'log.level'],
          needRestart: [],
        });
        expect(log.level()).toBe(level);
      }
    });
  });

  it('is refused with all that is wrong, and the one before stays', async () => {
    await serve(async ({ webex, write, events, untilLogged }) => {
      await write({ agents: [{ id: '?', bot: {} }], speech: { voice: 'nobody' } });
      events.emit('SIGHUP');
      const { error } = await untilLogged('config.refused');
      for (const wrong of ['agents[0].id', 'agents[0].bot.use', 'speech.voice'])
        expect(error).toContain(wrong);
      expect((await createManualCall('as-before').start(webex)).name).toBe('OK');
    });
  });

  it('is refused when a bot of it cannot be loaded', async () => {
    await serve(async ({ webex, write, events, untilLogged }) => {
      await write({ agents: [{ id: 'x', default: true, bot: { use: './no-such-file.mjs' } }] });
      events.emit('SIGHUP');
      expect(await untilLogged('config.refused')).toMatchObject({ code: 'ERR_HANDLER_LOAD' });
      expect((await createManualCall('as-before').start(webex)).name).toBe('OK');
    });
  });

  it('closes the door to an organisation that it no longer names', async () => {
    await serve(async ({ webex, write, events, untilLogged }) => {
      const call = createManualCall('shut-out');
      await call.start(webex);
      const organizations = ['99999999-2222-4333-8444-555555555555'];
      await write({ dataSources: [{ ...SOURCE, schema: 'voice-virtual-agent', organizations }] });
      events.emit('SIGHUP');
      expect((await untilLogged('config.reloaded'))['taken']).toContain('dataSources');
      expect((await call.press(webex, '5')).name).toBe('PERMISSION_DENIED');
    });
  });
});
