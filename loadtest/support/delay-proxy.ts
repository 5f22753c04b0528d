// A wire that takes its time, in a process of its own: its port is told on standard output.
import { startDelayProxy } from '../../test/support/delay-proxy.ts';

const [port, delayMs] = process.argv.slice(2).map(Number);
if (port === undefined || delayMs === undefined) throw new TypeError('needs a port and a delay');
const proxy = await startDelayProxy({ port, delayMs });
process.stdout.write(`port ${proxy.port}\n`);
