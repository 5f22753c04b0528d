import type { BotAnswer, BotOutput } from './bot-handler.ts';

/** An answer that a bot knows as a whole; whoever can takes it at once, without a promise. */
export class ReadyAnswer implements BotAnswer {
  readonly #outputs: readonly BotOutput[];

  constructor(outputs: readonly BotOutput[]) {
    this.#outputs = outputs;
  }

  atOnce(): readonly BotOutput[] {
    return this.#outputs;
  }

  [Symbol.asyncIterator](): AsyncIterator<BotOutput, undefined> {
    return new OutputReader(this.#outputs);
  }
}

/** Reads outputs that are there already, one after another. */
export class OutputReader implements AsyncIterator<BotOutput, undefined> {
  readonly #outputs: readonly BotOutput[];
  #index = 0;

  constructor(outputs: readonly BotOutput[]) {
    this.#outputs = outputs;
  }

  next(): Promise<IteratorResult<BotOutput, undefined>> {
    const value = this.#outputs[this.#index];
    this.#index += 1;
    return Promise.resolve(value === undefined ? { done: true, value } : { done: false, value });
  }

  return(): Promise<IteratorResult<BotOutput, undefined>> {
    this.#index = this.#outputs.length;
    return Promise.resolve({ done: true, value: undefined });
  }
}
