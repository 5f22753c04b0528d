/** Finer than this nothing is told apart, in milliseconds, up to {@link FINE_MS}; then ten times coarser, and a hundred. */
const STEP_MS = 0.05;
const STEPS = 10_000;
const FINE_MS = STEP_MS * STEPS;

/** Counts delays by length: as many as there are, in the same 120 KB. */
export class Tally {
  readonly #counts = new Uint32Array(STEPS * 3);
  #count = 0;
  #mostMs = 0;

  /** Takes a delay; anything beyond eight minutes counts as that. */
  note(ms: number): void {
    this.#count += 1;
    if (ms > this.#mostMs) this.#mostMs = ms;
    this.#counts[indexOf(ms)] = (this.#counts[indexOf(ms)] ?? 0) + 1;
  }

  get count(): number {
    return this.#count;
  }

  get mostMs(): number {
    return this.#mostMs;
  }

  /** The delay below which `share` of them lie, 0 to 1; `NaN` without any. */
  percentile(share: number): number {
    if (this.#count === 0) return Number.NaN;
    let left = Math.ceil(this.#count * share);
    for (let index = 0; index < this.#counts.length; index += 1) {
      left -= this.#counts[index] ?? 0;
      if (left <= 0) return Math.min(upperOf(index), this.#mostMs);
    }
    return this.#mostMs;
  }

  /** The delays themselves, thinned to a hundred, for a plot. */
  percentiles(): readonly number[] {
    return Array.from({ length: 100 }, (_, index) => this.percentile((index + 0.5) / 100));
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#mostMs = 0;
  }
}

function indexOf(ms: number): number {
  if (!(ms > 0)) return 0;
  if (ms < FINE_MS) return Math.floor(ms / STEP_MS);
  if (ms < FINE_MS * 10) return STEPS + Math.floor(ms / (STEP_MS * 10));
  return STEPS * 2 + Math.min(STEPS - 1, Math.floor(ms / (STEP_MS * 100)));
}

function upperOf(index: number): number {
  const within = (index % STEPS) + 1;
  return within * STEP_MS * 10 ** Math.floor(index / STEPS);
}
