// Where the thread of an isolated bot begins: before it loads anything, it lets the gateway go first on a busy processor.
import { constants, setPriority } from 'node:os';

// Linux counts priority by thread; elsewhere this would slow the gateway down as well.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
await import('./bot-worker.ts');
