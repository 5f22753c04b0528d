import { basename, resolve } from 'node:path';

import { type Command, InvalidArgumentError } from 'commander';

import type { Config } from '../config/config.ts';
import { secureUrl } from '../config/fields.ts';
import { loadConfig } from '../config/load-config.ts';
import { systemClock } from '../core/clock.ts';
import { isGatewayError } from '../core/gateway-error.ts';
import { isRecord } from '../core/json.ts';
import type { WebexTls } from '../simulator/caller.ts';
import { CliError, EXIT_FAILED, EXIT_USAGE } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { examineConfig } from './doctor-config.ts';
import { examineEndpoint } from './doctor-endpoint.ts';
import { type Examination, countFindings, formatExaminations, wrong } from './doctor-finding.ts';
import {
  type DoctorDeps,
  type IssuerReport,
  examineClock,
  examineIssuer,
  toKeySource,
} from './doctor-keys.ts';
import { type TokenReport, examineToken } from './doctor-token.ts';
import { createPalette } from './palette.ts';
import { readUserFile } from './user-files.ts';

interface DoctorFlags {
  readonly config: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly url?: URL;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly json?: true;
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Adds `byova doctor`: what is wrong, in plain words. */
export function addDoctor(program: Command, io: CliIo): void {
  program
    .command('doctor')
    .description('say what is wrong with a configuration, a token or an endpoint')
    .requiredOption('-c, --config <file>', 'configuration, a YAML file')
    .option('--token <jws>', 'token to explain; it is never shown, nor sent anywhere')
    .option('--token-file <file>', 'file that holds the token')
    .option('--url <url>', 'endpoint to try, as Webex would reach it', parseEndpoint)
    .option('--ca <file>', 'certificates to trust at --url instead of the machine’s')
    .option('--cert <file>', 'client certificate for --url, if it demands one')
    .option('--key <file>', 'key of the client certificate')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
✓ right, ! worth a look, ✗ wrong; behind → is what to do. The issuers' keys are fetched.
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.

Examples:
  $ byova doctor --config byova.yaml
  $ byova doctor --config byova.yaml --token-file token.txt --url https://voice.example.com:443`,
    )
    .action(async (flags: DoctorFlags) => {
      const input = await readInput(flags, io.cwd);
      const deps = { clock: systemClock, fetch, timeoutMs: ANSWER_TIMEOUT_MS };
      const { examinations, token } = await examine(flags, input, io, deps);
      const { wrongs, risks } = countFindings(examinations);
      const document = {
        examinations,
        token: token && { accepted: token.refusal === undefined, code: token.refusal?.code },
        wrongs,
        risks,
      };
      if (flags.json === true) io.print(JSON.stringify(document, null, 2));
      else
        for (const line of formatExaminations(examinations, createPalette(io.hasColour)))
          io.print(line);
      if (wrongs > 0) io.exitWith(EXIT_FAILED);
    });
}

interface DoctorInput {
  readonly token: string | undefined;
  readonly tls: Omit<WebexTls, 'serverName'>;
}

async function readInput(flags: DoctorFlags, cwd: string): Promise<DoctorInput> {
  const { token, tokenFile, url, ca, cert, key } = flags;
  if (token !== undefined && tokenFile !== undefined)
    throw new CliError('give --token or --token-file, not both', EXIT_USAGE);
  if (url === undefined && [ca, cert, key].some((given) => given !== undefined))
    throw new CliError('--ca, --cert and --key need --url', EXIT_USAGE);
  if ((cert === undefined) !== (key === undefined))
    throw new CliError('--cert and --key need each other', EXIT_USAGE);
  const read = async (file: string | undefined): Promise<Buffer | undefined> =>
    file === undefined ? undefined : readUserFile(file, cwd);
  const [text, caPem, certPem, keyPem] = await Promise.all([tokenFile, ca, cert, key].map(read));
  return {
    token: (token ?? text?.toString())?.trim(),
    tls: {
      ...(caPem && { ca: caPem }),
      ...(certPem && { cert: certPem }),
      ...(keyPem && { key: keyPem }),
    },
  };
}

async function examine(
  { config: file, url }: DoctorFlags,
  { token, tls }: DoctorInput,
  io: CliIo,
  deps: DoctorDeps,
): Promise<{
  readonly examinations: readonly Examination[];
  readonly token: TokenReport | undefined;
}> {
  const { clock, timeoutMs } = deps;
  const title = `endpoint ${url?.host ?? ''}`;
  const endpoint =
    url === undefined ? [] : examineEndpoint(url, { now: clock.now, timeoutMs, tls });
  const config = await load(resolve(io.cwd, file), io.env);
  if (!('trust' in config))
    return {
      examinations: [config, ...toExaminations(title, await endpoint)],
      token: undefined,
    };
  const [settings, issuers, endpointFindings] = await Promise.all([
    examineConfig(config, clock.now()),
    Promise.all(config.trust.issuers.map(async (issuer) => examineIssuer(issuer, deps))),
    endpoint,
  ]);
  const report =
    token === undefined
      ? undefined
      : await examineToken(token, config, { clock, keys: toKeySource(issuers) });
  return {
    token: report,
    examinations: [
      { title: `configuration ${basename(file)}`, findings: settings },
      ...toExaminations('issuers', findingsOf(issuers, config)),
      ...toExaminations('token', report?.findings ?? []),
      ...toExaminations(title, endpointFindings),
    ],
  };
}

/** The configuration, or all that is wrong with it. */
async function load(file: string, env: CliIo['env']): Promise<Config | Examination> {
  try {
    return await loadConfig(file, env);
  } catch (error) {
    if (!isGatewayError(error, 'ERR_CONFIG_INVALID')) throw error;
    const { problems } = error.detail;
    const list = Array.isArray(problems) ? problems.filter(isRecord) : [];
    return {
      title: `configuration ${basename(file)}`,
      findings: list.map(({ path, message, line }) =>
        wrong(
          `${path === '' ? '' : `${String(path)}: `}${String(message)}`,
          typeof line === 'number' ? `correct line ${line}` : 'correct it',
          error.code,
        ),
      ),
    };
  }
}

function findingsOf(issuers: readonly IssuerReport[], { trust }: Config): Examination['findings'] {
  return [
    ...issuers.flatMap(({ findings }) => findings),
    ...examineClock(issuers, trust.clockSkewMs),
  ];
}

function toExaminations(title: string, findings: Examination['findings']): readonly Examination[] {
  return findings.length === 0 ? [] : [{ title, findings }];
}

function parseEndpoint(text: string): URL {
  const { error } = secureUrl.safeParse(text);
  if (error !== undefined)
    throw new InvalidArgumentError(`It ${error.issues[0]?.message ?? 'is no URL'}.`);
  return new URL(text);
}
