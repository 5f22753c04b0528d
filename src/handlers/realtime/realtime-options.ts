import { z } from 'zod';

import { isLoopback } from '../http/http-options.ts';
import {
  digitSettingsShape,
  inputModeSchema,
  speechTimersShape,
} from '../listen-settings-schema.ts';
import { readPlaceholders } from '../script/template.ts';
import { strictObject } from '../strict-object.ts';

const MAX_TEXT_LENGTH = 32_768;
/** Most of JSON that the configuration adds to the session, and of one tool's parameters, in characters. */
const MAX_JSON_LENGTH = 8192;
const MAX_TOOLS = 32;
/** What the bot itself sets; a session that another had a hand in would be deaf, mute or shrill. */
const OWN_SETTINGS: ReadonlySet<string> = new Set([
  'type',
  'model',
  'instructions',
  'audio',
  'voice',
  'speed',
  'modalities',
  'output_modalities',
  'input_audio_format',
  'output_audio_format',
  'input_audio_transcription',
  'input_audio_noise_reduction',
  'turn_detection',
  'tools',
]);

const text = z.string().min(1).max(MAX_TEXT_LENGTH);
const json = z
  .record(z.string(), z.json())
  .refine(
    (value) => JSON.stringify(value).length <= MAX_JSON_LENGTH,
    `larger than ${MAX_JSON_LENGTH} characters of JSON`,
  );
const toolName = z
  .string()
  .regex(/^[\w-]{1,64}$/u, 'expected 1 to 64 letters, digits, hyphens and underscores');

/** A function that ends the conversation, with what is said when the model itself said nothing. */
const endingTool = (name: string, description: string) =>
  z
    .union([
      z.literal(false),
      strictObject({
        name: toolName.default(name),
        description: text.default(description),
        say: text.optional(),
      }),
    ])
    .prefault({});

const flowTool = strictObject({
  name: toolName,
  description: text,
  /** JSON Schema of its arguments. */
  parameters: json.default({ type: 'object', properties: {} }),
  /** Name of the custom event that the flow gets; default: the tool's. */
  event: z.string().min(1).max(256).optional(),
  /** Whether the model speaks on at once, or when the flow has answered with an event. */
  next: z.enum(['continue', 'wait']).default('continue'),
});

/** Options of the bot `realtime`. */
export const realtimeOptionsSchema = strictObject({
  /** Where the model is: wss, or ws on this machine. */
  url: z
    .string()
    .refine(isSafeUrl, 'expected a wss URL without user and fragment; ws only on loopback')
    .default('wss://api.openai.com/v1/realtime'),
  /** Sent as `model` in the URL; absent where the URL says it. */
  model: z.string().min(1).max(256).optional(),
  /** Sent as Bearer token. */
  apiKey: z.string().min(1).max(4096),
  /** Which names of events and settings the server speaks. */
  dialect: z.enum(['ga', 'beta']).default('ga'),
  /** What the model is to be and do; `{{name}}` is a parameter of the call, `{{language}}` its language. */
  instructions: text.refine(
    (value) => !readPlaceholders(value).isMalformed,
    'expected placeholders like {{name}}',
  ),
  voice: z.string().min(1).max(256).optional(),
  /** 1 is the voice's own pace. */
  speed: z.number().min(0.25).max(1.5).optional(),
  /** Language of the caller; default: as Webex says. */
  language: z.string().min(2).max(35).optional(),
  /** Said with the gateway's voice; absent: the model speaks first. */
  greeting: text.optional(),
  /** Told to the model when nothing came; absent: the gateway listens on. */
  noInput: text.optional(),
  /** Whether the model hears of the flow's custom events. */
  events: z.enum(['tell', 'ignore']).default('tell'),
  sensitiveDigits: z.enum(['withhold', 'send']).default('withhold'),
  /** Who decides that the caller has finished. */
  turnDetection: z.enum(['gateway', 'server']).default('gateway'),
  /** Model that writes down what the caller says; absent: nobody does. */
  transcriptionModel: z.string().min(1).max(256).optional(),
  noiseReduction: z.enum(['near_field', 'far_field']).optional(),
  transferTool: endingTool(
    'transfer_to_human',
    'Hands the call to a human. Use it when the caller asks for a person, or when you cannot help.',
  ),
  endTool: endingTool(
    'end_call',
    'Hangs up. Use it when the caller has said goodbye, after your own goodbye.',
  ),
  tools: z.array(flowTool).max(MAX_TOOLS).default([]),
  /** How to listen for the next input, with each answer; absent: as the agent says. */
  listen: strictObject({
    mode: inputModeSchema.default('voice-and-digits'),
    digits: strictObject(digitSettingsShape).optional(),
    speech: strictObject(speechTimersShape).optional(),
  }).optional(),
  /** More settings of the session, such as `temperature`. */
  settings: json
    .refine(
      (value) => Object.keys(value).every((key) => !OWN_SETTINGS.has(key)),
      'holds a setting that has an option of its own, or that the bot decides',
    )
    .default({}),
  /** Longest wait until the session is ready, in seconds. */
  connectTimeoutSeconds: z.number().min(0.1).max(30).default(5),
  /** Longest silence of the server while an answer is due, in seconds. */
  responseTimeoutSeconds: z.number().min(0.1).max(60).default(10),
  /** Longest answer, in seconds of sound; it is cut there. */
  maxResponseSeconds: z.number().min(1).max(600).default(120),
}).superRefine(({ transferTool, endTool, tools }, context) => {
  const names = [transferTool, endTool, ...tools].flatMap((tool) =>
    tool === false ? [] : [tool.name],
  );
  if (new Set(names).size < names.length)
    context.addIssue({ code: 'custom', path: ['tools'], message: 'two tools have one name' });
});

/** The options, whole. */
export type RealtimeOptions = z.output<typeof realtimeOptionsSchema>;

function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'wss:' || (protocol === 'ws:' && isLoopback(hostname));
}
