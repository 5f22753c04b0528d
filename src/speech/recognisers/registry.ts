import type { RecogniserFactory } from './recogniser-factory.ts';

/** Loaded when the first agent asks for it, and its WebSocket library with it. */
const FACTORIES: readonly RecogniserFactory[] = [
  {
    name: 'deepgram',
    async create(options, deps) {
      const { createDeepgramRecogniser } = await import('./deepgram.ts');
      return createDeepgramRecogniser(options, deps);
    },
  },
  {
    name: 'vosk',
    async create(options, deps) {
      const { createVoskRecogniser } = await import('./vosk.ts');
      return createVoskRecogniser(options, deps);
    },
  },
];

/** The recognisers that come with the gateway, by the name that `recogniser.use` calls them. */
export const BUILT_IN_RECOGNISERS: ReadonlyMap<string, RecogniserFactory> = new Map(
  FACTORIES.map((factory) => [factory.name, factory]),
);
