// A bot that a user could have written: one sound at the start and for whatever comes.
import { defineBot } from 'byova-gateway';

const audio = new Uint8Array(32_768).fill(0x55);
const reply = () => ({ audio, listen: 'voice-and-digits', digits: { maxLength: 1 } });

export const bot = defineBot({ name: 'tone', start: reply, digits: reply, speech: reply });
