import type { CallLeg } from './call-leg.ts';
import type { CallerAction } from './caller-script.ts';
import type { Microphone } from './microphone.ts';

/** What a script is run with. */
export interface ScriptDeps {
  readonly leg: CallLeg;
  readonly microphone: Microphone;
  /** Milliseconds of the caller's time that went by frame by frame. */
  readonly playedMs: () => number;
  /** Waits until `test` holds; `false` when the call ended before. */
  readonly until: (test: () => boolean) => Promise<boolean>;
}

const KEY_INTERVAL_MS = 200;
/** A caller who got no reaction for this long goes on. Also that long of the machine, for calls that run faster. */
const UNHEARD_MS = 10_000;
const UNHEARD_MACHINE_MS = 1000;

/** Does what the caller has in mind, one action after another, until the script or the call ends. */
export async function runScript(deps: ScriptDeps, script: readonly CallerAction[]): Promise<void> {
  for (const action of [...script, { type: 'hang-up' } as const])
    if (!(await awaitMoment(deps, action)) || !(await perform(deps, action))) return;
}

function awaitMoment({ leg, until }: ScriptDeps, action: CallerAction): Promise<boolean> {
  if (action.type === 'wait-for-prompt-end') return until(leg.isReady);
  const { bargeIn: isBold = false, atOnce: isHasty = false } = action;
  return until(() => (isHasty && leg.hasSent()) || leg.isReady() || (isBold && leg.isOverPrompt()));
}

async function perform(deps: ScriptDeps, action: CallerAction): Promise<boolean> {
  const { leg, until } = deps;
  switch (action.type) {
    case 'speak':
      if (action.inBackground !== true) return speak(deps, action.audio);
      deps.microphone.say(action.audio);
      return true;
    case 'press':
      for (const key of action.digits) {
        leg.press(key);
        if (!(await pause(deps, KEY_INTERVAL_MS))) return false;
      }
      return true;
    case 'silence':
      return pause(deps, action.ms);
    case 'custom-event':
      leg.sendEvent('CUSTOM_EVENT', action.name, action.parameters);
      return true;
    case 'no-input': {
      const before = leg.noInputs();
      if (!leg.hasNoInputTimer()) leg.sendNoInput();
      return until(() => leg.noInputs() > before);
    }
    case 'wait-for-prompt-end':
      return true;
    case 'cancel':
      leg.cancel();
      return true;
    case 'hang-up':
      leg.hangUp(action.how ?? 'own-rpc');
      return false;
    default:
      return action satisfies never;
  }
}

async function speak(deps: ScriptDeps, audio: Uint8Array): Promise<boolean> {
  const { leg, microphone, until, playedMs } = deps;
  const before = leg.inputsEnded();
  microphone.say(audio);
  if (!(await until(() => !microphone.isSpeaking()))) return false;
  const playedBefore = playedMs();
  const startedAt = performance.now();
  const isUnheard = (): boolean =>
    !leg.takesVoice() ||
    (playedMs() - playedBefore > UNHEARD_MS && performance.now() - startedAt > UNHEARD_MACHINE_MS);
  const goesOn = await until(() => leg.inputsEnded() > before || isUnheard());
  if (goesOn && leg.inputsEnded() === before) leg.giveUpSpeech();
  return goesOn;
}

function pause({ until, playedMs }: ScriptDeps, ms: number): Promise<boolean> {
  const end = playedMs() + ms;
  return until(() => playedMs() >= end);
}
