/**
 * Has this thread's standard output and standard error go nowhere: they may hold words of the caller, and a flood of them
 * would keep the gateway busy.
 *
 * @returns Tells how many bytes were written to them.
 */
export function discardOutput(): () => number {
  let bytes = 0;
  const discard = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    bytes += chunk.length;
    const done = rest.at(-1);
    if (typeof done === 'function') queueMicrotask(() => void done());
    return true;
  };
  process.stdout.write = discard;
  process.stderr.write = discard;
  return () => bytes;
}
