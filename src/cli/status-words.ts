import type { RpcStatus } from '../simulator/rpc-status.ts';

/** Says in one line why a gateway did not do what it was asked. */
export function describeRefusal(target: string, { name, details }: RpcStatus): string {
  const unreachable =
    /^No connection established\.(?: Last error: (?:Error: )?([^.]*(?:\.[^. ][^.]*)*))?/u;
  const match = name === 'UNAVAILABLE' ? unreachable.exec(details) : null;
  if (match !== null) return `cannot reach ${target}: ${match[1] ?? 'no connection'}`;
  return `${target} answered ${name}${details === '' ? '' : `: ${details}`}`;
}
