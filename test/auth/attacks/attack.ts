import type { ErrorCode } from '../../../src/core/gateway-error.ts';

/** How it is made, the reason it is refused for, and the value of the `authorization` header. */
export type Attack = readonly [name: string, code: ErrorCode, header: string | undefined];
