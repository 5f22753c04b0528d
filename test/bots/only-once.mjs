import { writeFileSync } from 'node:fs';

import { defineBot } from 'byova-gateway';

/** A bot that can be loaded by one process only. Options: `file`, which says that one has. */
export const bot = defineBot(({ file }) => {
  writeFileSync(file, '', { flag: 'wx' });
  return { name: 'only-once', start: () => 'Hello.' };
}, 'only-once');
