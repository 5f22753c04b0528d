import { defineBot } from 'byova-gateway';

export const bot = defineBot({
  name: 'hello',
  start: () => ({ say: 'Hello. Press 1 for news, 2 for a human.', digits: { maxLength: 1 } }),
  digits(call, digits) {
    if (digits === '2') return { say: 'One moment, please.', transfer: true };
    if (digits === '1') return { say: 'Your bot answers calls. Goodbye.', end: true };
    return { say: 'Please press 1 or 2.', digits: { maxLength: 1 } };
  },
  speech: () => ({ say: 'I only know the keypad. Press 1 or 2.', digits: { maxLength: 1 } }),
  noInput: () => ({ say: 'Are you there? Press 1 or 2.', digits: { maxLength: 1 } }),
});
