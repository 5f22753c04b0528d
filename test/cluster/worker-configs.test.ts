import { describe, expect, it, vi } from 'vitest';

import { takeReloads } from '../../src/cluster/take-reloads.ts';
import { createWorkerConfigs } from '../../src/cluster/worker-configs.ts';
import type { Config } from '../../src/config/config.ts';
import { createChannelPair } from '../support/channel-pair.ts';
import { MINIMAL_CONFIG, parse } from '../support/config-text.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const level = (name: string): Config => parse(`${MINIMAL_CONFIG}\nlog: { level: ${name} }`);
const PLAN = { taken: ['agents'], needRestart: [] };

/** Workers by number; each has a configuration, and refuses the level `error` when it is fussy. */
function createCrew() {
  const log = createLogRecorder();
  const members: {
    worker: number;
    seat: number;
    channel: ReturnType<typeof createChannelPair>['primary'];
    isReady: () => boolean;
  }[] = [];
  const current = new Map<number, string>();
  const replaced: (readonly [number, string])[] = [];
  let wanted: Config | undefined;
  let cancelled = 0;
  const configs = createWorkerConfigs(level('info'), {
    logger: log.logger,
    workers: () => members,
    load: async () => {
      if (wanted === undefined) throw new Error('cannot be read');
      return wanted;
    },
    onChange: () => undefined,
    replace: (worker, reason) => void replaced.push([worker, reason]),
  });
  const start = (worker: number, { isFussy = false, isReady = true, isDying = false } = {}) => {
    const { primary, worker: own } = createChannelPair();
    let ready = isReady;
    const member = { worker, seat: worker, channel: primary, isReady: () => ready };
    members.push(member);
    current.set(worker, configs.give(member).log.level);
    const gateway = {
      prepareReload: async (config: Config) => {
        if (isDying) {
          members.pop();
          primary.close();
        }
        if (isFussy && config.log.level === 'error') throw new Error('no');
        return {
          commit: () => {
            current.set(worker, config.log.level);
            return PLAN;
          },
          cancel: async () => void (cancelled += 1),
        };
      },
    };
    takeReloads(own, gateway, log.logger);
    return {
      becomeReady() {
        ready = true;
        configs.welcome();
      },
    };
  };
  const logged = (event: string) =>
    vi.waitFor(() => {
      const fields = log.lines.findLast((line) => line.fields['event'] === event)?.fields;
      if (fields === undefined) throw new Error(`${event} was not logged`);
      return fields;
    });
  const reload = (name: string): void => {
    wanted = level(name);
    configs.reload();
  };
  return {
    configs,
    start,
    reload,
    logged,
    replaced,
    levels: () => [...current.values()],
    cancelled: () => cancelled,
  };
}

describe('the configuration of several workers', () => {
  it('is taken over by all of them, and told once', async () => {
    const { start, reload, logged, levels } = createCrew();
    start(1);
    start(2);
    reload('debug');
    expect(await logged('config.reloaded')).toMatchObject({ ...PLAN, workers: 2 });
    expect(levels()).toEqual(['debug', 'debug']);
  });

  it('is taken over by none when one refuses, and the log names that one', async () => {
    const { configs, start, reload, logged, levels, cancelled } = createCrew();
    start(1);
    start(2, { isFussy: true });
    reload('error');
    await vi.waitFor(async () =>
      expect(await logged('config.refused')).toMatchObject({ workers: [2] }),
    );
    expect(levels()).toEqual(['info', 'info']);
    expect(cancelled()).toBe(1);
    // Whoever comes later begins with what the others have.
    start(3);
    expect(levels()).toEqual(['info', 'info', 'info']);
    expect(configs.outdated()).toBe(0);
  });

  it('is not refused by a worker that has ended meanwhile', async () => {
    const { start, reload, logged, levels } = createCrew();
    start(1);
    start(2, { isDying: true });
    reload('debug');
    expect(await logged('config.reloaded')).toMatchObject({ workers: 1 });
    expect(levels()).toEqual(['debug', 'info']);
  });

  it('reaches a worker that was starting while it changed', async () => {
    const { configs, start, reload, logged, levels } = createCrew();
    start(1);
    const late = start(2, { isReady: false });
    reload('debug');
    await logged('config.reloaded');
    expect(levels()).toEqual(['debug', 'info']);
    late.becomeReady();
    expect(configs.outdated()).toBe(1);
    await vi.waitFor(() => expect(levels()).toEqual(['debug', 'debug']));
    expect(configs.outdated()).toBe(0);
  });

  it('has a worker replaced that was starting, and refuses what all others have', async () => {
    const { start, reload, logged, replaced } = createCrew();
    start(1);
    const late = start(2, { isReady: false, isFussy: true });
    reload('error');
    await logged('config.reloaded');
    late.becomeReady();
    await vi.waitFor(() => expect(replaced).toEqual([[2, 'outdated']]));
  });

  it('changes nothing when it cannot be read, and follows the next change', async () => {
    const { configs, start, reload, logged, levels } = createCrew();
    start(1);
    configs.reload();
    await logged('config.refused');
    expect(levels()).toEqual(['info']);
    reload('debug');
    await vi.waitFor(() => expect(levels()).toEqual(['debug']));
  });
});

describe('what each worker is given', () => {
  const configsOf = (text: string) =>
    createWorkerConfigs(parse(`${MINIMAL_CONFIG}\n${text}`), {
      logger: createLogRecorder().logger,
      workers: () => [],
      load: () => Promise.reject(new Error('nobody asks')),
      onChange: () => undefined,
      replace: () => undefined,
    });
  const member = (seat: number) => ({
    worker: seat + 1,
    seat,
    channel: createChannelPair().primary,
    isReady: () => false,
  });

  it('is one key of pseudonyms, so that a call that moves is called the same', () => {
    const configs = configsOf('log: { identifiers: pseudonyms }');
    const keys = [0, 1].map((seat) => configs.give(member(seat)).log.pseudonymKey);
    expect(keys[0]).toMatch(/^\w{64}$/u);
    expect(keys[1]).toBe(keys[0]);
  });

  it('is a port of its own for other replicas', () => {
    const configs = configsOf(
      'conversation: { redis: { url: "redis://127.0.0.1" } }\npeers: { listen: "0.0.0.0:50052", advertise: "10.0.0.1:60052", token: "a-token-of-the-peers" }',
    );
    const peers = [0, 1].map((seat) => configs.give(member(seat)).peers);
    expect(peers).toMatchObject([
      { listen: { port: 50_052 }, advertise: '10.0.0.1:60052' },
      { listen: { port: 50_053 }, advertise: '10.0.0.1:60053' },
    ]);
  });
});

describe('a worker whose configuration changes', () => {
  it('drops what it has prepared too late', async () => {
    const { primary, worker } = createChannelPair();
    const { logger } = createLogRecorder();
    let finish: () => void = () => undefined;
    const prepared = new Promise<void>((resolve) => (finish = resolve));
    const done: string[] = [];
    takeReloads(
      worker,
      {
        prepareReload: async () => {
          await prepared;
          return {
            commit: () => {
              done.push('commit');
              return PLAN;
            },
            cancel: async () => void done.push('cancel'),
          };
        },
      },
      logger,
    );
    const preparing = primary.ask('reload.prepare', [1, level('debug')]);
    await primary.ask('reload.cancel', 1);
    finish();
    await preparing;
    expect(done).toEqual(['cancel']);
    await expect(primary.ask('reload.commit', 1)).rejects.toThrow();
  });
});
