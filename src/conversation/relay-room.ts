/** Waits until the other side of a relayed RPC has room again. One object an RPC, hence a class. */
export class RelayRoom {
  #awaited: Promise<void> | undefined;
  #open: (() => void) | undefined;

  /** Whether somebody waits. */
  get isAwaited(): boolean {
    return this.#awaited !== undefined;
  }

  /** Resolves when there is room; the same promise until then. */
  wait(): Promise<void> {
    this.#awaited ??= new Promise((resolve) => {
      this.#open = resolve;
    });
    return this.#awaited;
  }

  /** There is room, or nobody needs it any more. */
  open(): void {
    this.#open?.();
    this.#awaited = undefined;
    this.#open = undefined;
  }
}
