import type { AgentConfig, BotConfig, Config, Organisations } from '../config/config.ts';
import type { Agent } from '../conversation/agent.ts';
import type { AgentRelay } from '../conversation/relay.ts';
import type { SpeechRecogniser } from '../conversation/speech-recogniser.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import type { BotHandler } from '../handlers/bot-handler.ts';
import { createBot } from '../handlers/create-bot.ts';
import { type GuardedBot, guardBot } from '../handlers/guarded/guard-bot.ts';
import { createIsolatedBot } from '../handlers/isolated/isolated-bot.ts';
import { type StartQueue, createStartQueue } from '../handlers/isolated/start-queue.ts';
import { loadBot } from '../handlers/load-bot.ts';
import { BUILT_IN_BOTS } from '../handlers/registry.ts';
import { type RelayPlan, relayPlanOf } from '../handlers/relay/relay-bot.ts';
import { BUILT_IN_RECOGNISERS } from '../speech/recognisers/registry.ts';
import { logEvent } from '../telemetry/log-events.ts';

/** Makes the connection of an agent that is answered elsewhere. */
export type OpenRelay = (plan: RelayPlan) => Promise<AgentRelay>;

/**
 * Loads the bots of the configuration and makes agents of them.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when a bot cannot be loaded.
 */
export async function loadAgents(
  config: Config,
  deps: {
    readonly logger: Logger;
    readonly clock: Clock;
    readonly synthesiser: SpeechSynthesiser;
    readonly openRelay: OpenRelay;
  },
): Promise<readonly Agent[]> {
  const speak = (text: string): Promise<Uint8Array> =>
    deps.synthesiser.synthesise(text, new AbortController().signal);
  const queue = createStartQueue(systemClock);
  const load = async (agentConfig: AgentConfig): Promise<Agent> => {
    const {
      bot,
      recogniser,
      apology,
      organisations,
      answerTimeoutMs,
      firstAudioTimeoutMs,
      filler,
      fallback,
      ...agent
    } = agentConfig;
    const handler = await openBot(bot, config.baseDir, deps.logger, queue);
    const plan = relayPlanOf(handler);
    // Another server guards itself.
    const guarded = plan === undefined ? guard(handler, bot.limits, deps) : handler;
    return {
      ...agent,
      organisations: toOrganisations(organisations),
      bot: guarded,
      relay: plan && (await deps.openRelay(plan)),
      recogniser: recogniser && (await openRecogniser(recogniser, config.baseDir, deps)),
      apology: await speak(apology),
      patience: {
        answerTimeoutMs,
        firstAudioTimeoutMs,
        filler: filler.times === 0 ? undefined : { ...filler, audio: await speak(filler.say) },
      },
      fallback: { ...fallback, farewell: await speak(fallback.say) },
    };
  };
  return Promise.all(config.agents.map(load));
}

async function openBot(
  { use, options, isolate }: BotConfig,
  baseDir: string,
  logger: Logger,
  queue: StartQueue,
): Promise<BotHandler> {
  if (isolate === undefined)
    return createBot(await loadBot(use, baseDir, BUILT_IN_BOTS), options, { logger, baseDir });
  const { workers, maxMemoryMb, unresponsiveMs } = isolate;
  return createIsolatedBot(
    {
      use,
      options,
      baseDir,
      workers,
      unresponsiveMs,
      maxOldGenerationSizeMb: maxMemoryMb,
      maxBuffersMb: maxMemoryMb,
    },
    // Threads take the machine's time, however fast the gateway's clock runs.
    { clock: systemClock, logger, queue },
  );
}

function guard(
  bot: BotHandler,
  { maxConcurrent, breakerFailures, breakerMs }: BotConfig['limits'],
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): GuardedBot {
  return guardBot(
    bot,
    { maxConcurrent, failures: breakerFailures, retryAfterMs: breakerMs },
    {
      clock,
      onState: (name, state) => logEvent(logger, 'bot.breaker', { bot: name, state }),
    },
  );
}

async function openRecogniser(
  { use, options }: NonNullable<AgentConfig['recogniser']>,
  baseDir: string,
  deps: { readonly logger: Logger; readonly clock: Clock },
): Promise<SpeechRecogniser> {
  const factory = BUILT_IN_RECOGNISERS.get(use);
  if (factory === undefined) {
    const names = [...BUILT_IN_RECOGNISERS.keys()].join(', ');
    throw new GatewayError('ERR_HANDLER_LOAD', `recogniser "${use}": there is only ${names}`);
  }
  return factory.create(options, { ...deps, baseDir });
}

/** Organisations of the configuration, quick to ask. */
export function toOrganisations(organisations: Organisations): 'any' | ReadonlySet<string> {
  return organisations === 'any' ? 'any' : new Set(organisations);
}
