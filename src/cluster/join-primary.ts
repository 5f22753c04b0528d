import cluster from 'node:cluster';
import { EventEmitter } from 'node:events';

import type { Revocable, RevokedCredentials } from '../auth/data-sources.ts';
import type { ReplayStore } from '../auth/replay-store.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../core/logger.ts';
import type { Gateway } from '../gateway.ts';
import type { OpenAdmin } from '../gateway/open-admin.ts';
import type { LentConversations } from '../gateway/open-conversations.ts';
import { type Channel, createChannel } from './channel.ts';
import { addTotals } from './merge-dashboards.ts';
import { lendConversations } from './primary-conversations.ts';
import { createPrimaryReplayStore } from './primary-replay-store.ts';
import { takeReloads } from './take-reloads.ts';
import type { WorkerReport } from './worker-board.ts';
import { showToPrimary } from './worker-dashboards.ts';

/** What a worker gets from its primary. */
export interface Membership {
  /** The configuration that the primary has checked. */
  loadConfig(): Promise<Config>;
  /** SIGTERM when the primary has this process drain, and faults of this process. */
  readonly events: EventEmitter;
  readonly openAdmin: OpenAdmin;
  readonly sharedReplay: ReplayStore;
  /** How conversations are shared with the other workers; `undefined` when the configuration says so. */
  lendConversations(): Promise<LentConversations | undefined>;
  /** Tells the primary that calls are answered, and follows it when the configuration changes. */
  ready(gateway: Gateway, logger: Logger): Promise<void>;
}

/** Tells whether this process is one of several workers. */
export function isWorker(): boolean {
  return cluster.isWorker;
}

/**
 * Makes this process a worker. Signals of its own are left alone: a terminal sends them to the whole group, and the primary
 * says what is to be done. A worker whose primary has gone is ended by Node.js as soon as the channel closes.
 */
export function joinPrimary(): Membership {
  const events = new EventEmitter();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => undefined);
  for (const name of ['uncaughtException', 'unhandledRejection'])
    process.on(name, (fault: unknown) => void events.emit(name, fault));
  const channel: Channel = createChannel({
    send: (message) => void process.send?.(message, undefined, {}, () => undefined),
    onMessage: (listener) => void process.on('message', listener),
  });
  let isDrainMissed = false;
  channel.answer('drain', () => {
    isDrainMissed = !events.emit('SIGTERM');
  });
  return {
    loadConfig: async () => (await channel.ask('config')) as Config,
    events,
    sharedReplay: createPrimaryReplayStore(channel),
    lendConversations: () => lendConversations(channel),
    async openAdmin(_listen, { registry, readiness, dependencies, operations, ...shown }) {
      const report = async (): Promise<WorkerReport> => ({
        readiness: readiness(),
        dependencies: dependencies?.() ?? {},
        totals: (await shown.dashboard?.totals()) ?? addTotals([]),
      });
      channel.answer('report', report);
      channel.answer('metrics', () => registry.getMetricsAsJSON());
      if (operations !== undefined) {
        const { revoke, restore } = operations.revocations;
        channel.answer('revoke', (what) => revoke(what as Revocable));
        channel.answer('restore', (what) => restore(what as Revocable));
        const { organisations, tokenIds } = (await channel.ask('revoked')) as RevokedCredentials;
        for (const organisationId of organisations) await revoke({ organisationId });
        for (const tokenId of tokenIds) await revoke({ tokenId });
      }
      await showToPrimary(channel, shown);
      // The port that the log names is the one of all workers.
      const port = (await channel.ask('admin-port')) as number;
      return { port, close: () => Promise.resolve() };
    },
    async ready(gateway, logger) {
      takeReloads(channel, gateway, logger);
      await channel.ask('ready');
      // It came when nobody listened yet.
      if (isDrainMissed) events.emit('SIGTERM');
    },
  };
}
