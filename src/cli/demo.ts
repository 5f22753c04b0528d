import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import type { Config } from '../config/config.ts';
import { createScaledClock, systemClock } from '../core/clock.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import { connectWebex } from '../simulator/caller.ts';
import type { CallResult } from '../simulator/phone-call.ts';
import { encodeRecording } from '../simulator/recording.ts';
import { createFliteSynthesiser } from '../speech/flite-synthesiser.ts';
import { formatReport, isGoodCall, toReportDocument } from './call-report.ts';
import { EXIT_FAILED } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { createDemoCall } from './demo-call.ts';
import {
  DEVELOPMENT_CLAIMS,
  DEVELOPMENT_ORGANISATION,
  type DevelopmentBroker,
  startDevelopmentBroker,
} from './development.ts';
import { FRONT_DESK_BOT, createDevelopmentConfig, toLoopbackConfig } from './development-config.ts';
import { parseSpeed } from './option-values.ts';
import { createPalette } from './palette.ts';
import { createPrettyLogger } from './pretty-log.ts';
import { type Trace, createTrace, formatLegend } from './trace.ts';
import { writeUserFile } from './user-files.ts';

interface DemoFlags {
  readonly out: string;
  readonly speed: number;
  readonly json?: true;
}

const RECORDING_NAME = 'byova-demo.wav';
/** A call of a minute in twenty seconds, and still one that can be watched. */
const DEFAULT_SPEED = 3;
/** Twice as long as the call takes: a gateway that hangs is not waited for. */
const MAX_CALL_MS = 100_000;

/** Beside this file, whether it is compiled or not. */
const NARRATED_SCRIPT = fileURLToPath(
  new URL(`narrated-script${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/** Adds `byova demo`: a whole call, from both ends, on this machine. */
export function addDemo(program: Command, io: CliIo): void {
  program
    .command('demo')
    .description('answer a whole phone call on this machine, and show every step of it')
    .option('--out <folder>', `where ${RECORDING_NAME} is written`, '.')
    .option('--speed <n>', 'times as fast as real time', parseSpeed, DEFAULT_SPEED)
    .option('--json', 'print one JSON document instead of the trace')
    .addHelpText(
      'after',
      `
A gateway, a simulated Webex with its own signing keys, and a caller with a voice: nothing leaves the machine.
Exit code 1: an answer broke the contract, or the call did not reach a human.

Example:
  $ byova demo --out recordings --speed 1`,
    )
    .action(async (flags: DemoFlags) => {
      if (!(await runDemo(flags, io))) io.exitWith(EXIT_FAILED);
    });
}

async function runDemo({ out, speed, json }: DemoFlags, io: CliIo): Promise<boolean> {
  const palette = createPalette(io.hasColour);
  const print = json === true ? () => undefined : io.print;
  const clock = createScaledClock(speed);
  const voice = createFliteSynthesiser({ voice: 'slt' }, { clock: systemClock });
  const broker = await startDevelopmentBroker();
  let trace: Trace | undefined;
  const config = createDemoConfig(broker, (text) => trace?.botSays(text));
  const logger = createPrettyLogger('warn', io.note, palette);
  const gateway = await startGateway(config, { clock, logger, fetch });
  try {
    const { script, captions } = await createDemoCall(voice);
    trace = createTrace(print, palette, captions);
    for (const line of formatIntroduction(gateway, io.hasColour)) print(line);
    const result = await placeDemoCall({ gateway, broker, trace, script, speed });
    const recording = join(out, RECORDING_NAME);
    await writeUserFile(recording, io.cwd, encodeRecording(result.recording));
    const report = { result, recording };
    if (json === true) io.print(JSON.stringify(toReportDocument(report), null, 2));
    for (const line of ['', ...formatReport(report, palette)]) print(line);
    if (speed !== 1)
      print(palette.dim(`  Times are the caller’s, whose clock runs ${speed} times as fast.`));
    const isPerfect = isGoodCall(result) && result.outcome === 'transferred';
    if (!isPerfect) io.note(palette.red('✗ DEMO FAILED: this is not how a call should go'));
    return isPerfect;
  } finally {
    await Promise.all([gateway.close(), broker.close(), voice.close()]);
  }
}

function createDemoConfig(broker: DevelopmentBroker, onSay: (text: string) => void): Config {
  const options = { ...FRONT_DESK_BOT.options, onSay };
  const config = createDevelopmentConfig({ use: NARRATED_SCRIPT, options }, '/');
  return toLoopbackConfig(config, broker, 0);
}

interface DemoParts {
  readonly gateway: Pick<Gateway, 'grpcPort'>;
  readonly broker: DevelopmentBroker;
  readonly trace: Trace;
  readonly script: Awaited<ReturnType<typeof createDemoCall>>['script'];
  readonly speed: number;
}

async function placeDemoCall(parts: DemoParts): Promise<CallResult> {
  const organisationId = DEVELOPMENT_ORGANISATION;
  const webex = connectWebex({
    target: `127.0.0.1:${parts.gateway.grpcPort}`,
    token: parts.broker.issuer.mint({ ...DEVELOPMENT_CLAIMS, organisationId }),
  });
  const { script, speed, trace } = parts;
  return webex
    .placeCall({ organisationId, script, speed, maxCallMs: MAX_CALL_MS, onEvent: trace.onEvent })
    .finally(() => webex.close());
}

function formatIntroduction(
  { grpcPort }: Pick<Gateway, 'grpcPort'>,
  hasColour: boolean,
): readonly string[] {
  const palette = createPalette(hasColour);
  return [
    palette.bold('A bank answers its telephone.'),
    `A simulated Webex places a signed call to the gateway on 127.0.0.1:${grpcPort}, a script answers,`,
    'a caller with a voice talks back, and every answer is checked against the contract.',
    '',
    ...formatLegend(palette),
  ];
}
