/** Draws `docs/images/dashboard*.png`: a busy quarter of a minute on this machine, looked at in Chromium. */
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { encodeMulaw } from '../src/audio/mulaw.ts';
import type { CallerAction } from '../src/simulator/caller-script.ts';
import { vowel } from '../test/audio/sounds.ts';
import { type PageOptions, startChromium } from '../test/support/chromium.ts';
import {
  ORGANISATION,
  OTHER_ORGANISATION,
  VOICE,
  startGatewayRig,
} from '../test/support/gateway-rig.ts';

const TOKEN = 'operator-token-for-pictures';
const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url));
const BUSY_MS = 18_000;

const SHOTS: Readonly<Record<string, PageOptions>> = {
  dashboard: { width: 1_360, height: 1_000 },
  'dashboard-dark': { width: 1_360, height: 1_000, isDark: true },
  'dashboard-phone': { width: 390, height: 844, isPhone: true, isDark: true },
};

const agent = (id: string, options: object, isDefault = false) => ({
  id,
  name: id,
  default: isDefault,
  speech: { completeTimeoutMs: 500 },
  bot: { use: './scene-bot.mjs', options, limits: { maxConcurrent: 8, breakerFailures: 3 } },
});

const rig = await startGatewayRig({
  baseDir: 'scripts/dashboard',
  config: {
    admin: { listen: '127.0.0.1:0', token: TOKEN },
    conversation: { maxConversations: 40, maxPerOrganization: 20 },
    agents: [
      agent('front-desk', { thinkMs: 250 }, true),
      agent('orders', { thinkMs: 700 }),
      agent('appointments', { thinkMs: 1_300 }),
      agent('billing', { fails: true }),
    ],
  },
});
const others = rig.token({ organisationId: OTHER_ORGANISATION });

const speak: CallerAction = { type: 'speak', audio: encodeMulaw(vowel(1_500)) };
const press: CallerAction = { type: 'press', digits: '1' };
const calls = [
  'front-desk',
  'orders',
  'appointments',
  'front-desk',
  'orders',
  'front-desk',
  'appointments',
  'orders',
  'billing',
  'orders',
].map(async (agentId, index) => {
  await sleep(index * 900);
  const isOther = index % 3 === 1;
  return rig.webex(isOther ? { token: others } : {}).placeCall({
    organisationId: isOther ? OTHER_ORGANISATION : ORGANISATION,
    agentId,
    script:
      index % 2 === 0 ? [press, speak, press, speak, press] : [speak, press, speak, press, speak],
    maxCallMs: 60_000,
  });
});
for (const bad of [
  rig.token({ lifetimeSeconds: -4_000 }),
  'nonsense',
  rig.token({ audience: 'somebody-else' }),
])
  await rig.webex({ token: bad }).listVirtualAgents(ORGANISATION);
await sleep(BUSY_MS);

await mkdir(FOLDER, { recursive: true });
const browser = await startChromium();
for (const [name, options] of Object.entries(SHOTS)) {
  const page = await browser.open(`http://127.0.0.1:${rig.gateway.adminPort}/dashboard/`, options);
  await page.until(`['sign-in', 'dashboard'].includes(document.body.dataset.view)`);
  if (await page.evaluate(`document.body.dataset.view === 'sign-in'`)) {
    await page.type(TOKEN);
    await page.press('Enter');
  }
  await page.until(`document.querySelectorAll('#turns tbody tr').length > 3`);
  await page.evaluate(`document.activeElement.blur()`);
  await writeFile(`${FOLDER}${name}.png`, await page.screenshot());
}
await browser.close();
await rig.close();
await Promise.allSettled(calls);
await VOICE.close();
