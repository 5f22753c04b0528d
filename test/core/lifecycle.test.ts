import { describe, expect, it } from 'vitest';

import { createLifecycle, LIFECYCLE, type LifecycleState } from '../../src/core/lifecycle.ts';

const STATES = Object.keys(LIFECYCLE) as LifecycleState[];
/** Legal moves that lead to each state. */
const WAYS: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  starting: [],
  ready: ['ready'],
  draining: ['ready', 'draining'],
  stopped: ['stopped'],
};

describe('lifecycle', () => {
  it('starts in the state starting and goes through ready and draining to stopped', () => {
    const lifecycle = createLifecycle();
    expect(lifecycle.state()).toBe('starting');
    for (const state of ['ready', 'draining', 'stopped'] as const) {
      expect(lifecycle.moveTo(state)).toBe(true);
      expect(lifecycle.state()).toBe(state);
    }
  });

  it('makes exactly the moves of its table and leaves the state alone otherwise', () => {
    for (const from of STATES)
      for (const to of STATES) {
        const lifecycle = createLifecycle();
        for (const step of WAYS[from]) lifecycle.moveTo(step);
        const moves: readonly LifecycleState[] = LIFECYCLE[from];
        expect(lifecycle.moveTo(to), `${from} to ${to}`).toBe(moves.includes(to));
        expect(lifecycle.state()).toBe(moves.includes(to) ? to : from);
      }
  });

  it('never becomes ready again once it drains', () => {
    const lifecycle = createLifecycle();
    lifecycle.moveTo('draining');
    expect(lifecycle.moveTo('ready')).toBe(false);
    expect(lifecycle.moveTo('draining')).toBe(false);
  });

  it('tells listeners of moves that were made, in order, until they leave', () => {
    const lifecycle = createLifecycle();
    const heard: string[] = [];
    const leave = lifecycle.onMove((state) => heard.push(`a ${state}`));
    lifecycle.onMove((state) => heard.push(`b ${state}`));
    lifecycle.moveTo('ready');
    lifecycle.moveTo('ready');
    leave();
    leave();
    lifecycle.moveTo('draining');
    expect(heard).toEqual(['a ready', 'b ready', 'b draining']);
  });

  it('tells everybody although one listener throws, and lets the error out afterwards', () => {
    const lifecycle = createLifecycle();
    const heard: string[] = [];
    lifecycle.onMove(() => {
      throw new Error('first');
    });
    lifecycle.onMove((state) => heard.push(state));
    expect(() => lifecycle.moveTo('ready')).toThrow('first');
    expect(heard).toEqual(['ready']);
    expect(lifecycle.state()).toBe('ready');
  });

  it('does not tell of a state that a listener has already left behind', () => {
    const lifecycle = createLifecycle();
    const heard: string[] = [];
    lifecycle.onMove((state) => void (state === 'draining' && lifecycle.moveTo('stopped')));
    lifecycle.onMove((state) => heard.push(state));
    lifecycle.moveTo('draining');
    expect(heard).toEqual(['stopped']);
  });
});
