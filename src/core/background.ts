/**
 * Runs `task` without anybody waiting for it; what it throws goes to `onError`, never to the process.
 */
export function runInBackground(
  task: () => void | Promise<void>,
  onError: (error: unknown) => void,
): void {
  const run = async (): Promise<void> => {
    try {
      await task();
    } catch (error) {
      onError(error);
    }
  };
  void run();
}
