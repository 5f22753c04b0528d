import { z } from 'zod';

import { isLoopback } from '../http/http-options.ts';
import { strictObject } from '../strict-object.ts';
import { sharedParameters } from '../vendor/call-parameters.ts';

/** A webhook of the agent may take this long; a caller hears nothing in the meantime. */
const DEFAULT_ANSWER_TIMEOUT_SECONDS = 10;
/** Below the minute that older regions and models take of one stream; the API now names two. */
const DEFAULT_MAX_STREAM_SECONDS = 55;

const word = z
  .string()
  .regex(/^[\w.:-]{1,64}$/u, 'expected letters, digits, "-", "_", "." and ":"');

/** Options of the bot `dialogflow-cx`. */
export const dialogflowOptionsSchema = strictObject({
  /** The Google Cloud project of the agent. */
  projectId: word,
  /** The region of the agent; it also makes the address of the service. */
  location: word.default('global'),
  /** The agent's id, a UUID. */
  agentId: word,
  /** The environment whose versions callers talk to; absent: the draft. */
  environment: word.optional(),
  /** Another address of the service, as `host:port`. */
  endpoint: z
    .string()
    .regex(/^(?:[\w.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/iu, 'expected host:port')
    .optional(),
  /** Speak to `endpoint` without TLS and without credentials; only on loopback. */
  plaintext: z.boolean().default(false),
  /** Language of the agent where the call has none and `languages` says nothing. */
  language: z.string().min(1).default('en-US'),
  /** Language of the agent for each language of calls. */
  languages: z.record(z.string(), z.string().min(1)).default({}),
  /** Who speaks the answers. */
  voice: z.enum(['dialogflow', 'gateway']).default('dialogflow'),
  /** The voice's name, such as `en-US-Neural2-F`; absent: as the agent is set up. */
  voiceName: z.string().min(1).optional(),
  /** The speech model, such as `telephony`; absent: as the agent is set up. */
  speechModel: z.string().min(1).optional(),
  /** Words and phrases that are likely. */
  phraseHints: z.array(z.string().min(1)).max(500).default([]),
  /** The event that begins a call. */
  welcomeEvent: z.string().min(1).default('WELCOME'),
  /** What the caller says to begin with, in place of the event: for agents that wait for a greeting. */
  welcomeText: z.string().min(1).max(256).optional(),
  /** The event of a caller's silence. */
  noInputEvent: z.string().min(1).default('sys.no-input-default'),
  /** Which parameters of the call become session parameters. */
  parameters: sharedParameters,
  /** Whether a caller may speak over an answer: as the gateway's agent says, or as Dialogflow marks each answer. */
  bargeIn: z.enum(['gateway', 'dialogflow']).default('gateway'),
  /** Sound of one stream, in seconds, after which the utterance goes on in another. */
  maxStreamSeconds: z.number().min(1).max(115).default(DEFAULT_MAX_STREAM_SECONDS),
  /** Longest wait for the next part of an answer, from the end of the caller's input, in seconds. */
  answerTimeoutSeconds: z.number().min(0.5).max(60).default(DEFAULT_ANSWER_TIMEOUT_SECONDS),
}).refine(
  ({ plaintext, endpoint }) =>
    !plaintext || (endpoint !== undefined && isLoopback(endpoint.replace(/:\d+$/u, ''))),
  { path: ['plaintext'], error: 'expected an endpoint on loopback with it' },
);

/** Options of the bot `dialogflow-cx`, complete. */
export type DialogflowOptions = z.output<typeof dialogflowOptionsSchema>;
