/** Resolves when everything that is due has had its turn: sound that came, timers, other calls. */
export function letOthersRun(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
