import { describe, expect, it } from 'vitest';

import { formatListing } from '../../src/cli/agents.ts';
import { createPalette, wantsColour } from '../../src/cli/palette.ts';
import { createPrettyLogger } from '../../src/cli/pretty-log.ts';
import { describeRefusal } from '../../src/cli/status-words.ts';
import { formatBytes, formatMs } from '../../src/cli/units.ts';
import { logEvent } from '../../src/telemetry/log-events.ts';

describe('what people read', () => {
  it('is coloured on a terminal only, unless the environment says otherwise', () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ NO_COLOR: '1' }, true)).toBe(false);
    expect(wantsColour({ NO_COLOR: '' }, true)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: '1' }, false)).toBe(true);
    expect(wantsColour({ TERM: 'dumb' }, true)).toBe(false);
    expect(createPalette(true).red('no')).toBe('\u001B[31mno\u001B[0m');
    expect(createPalette(false).red('no')).toBe('no');
  });

  it('has numbers with their units', () => {
    expect([812, 40_234].map(formatBytes)).toEqual(['812 B', '40.2 KB']);
    expect([0.42, 24.4, 1204].map(formatMs)).toEqual(['0.4 ms', '24 ms', '1.20 s']);
  });

  it('aligns a catalogue in columns', () => {
    const agents = [
      { id: 'front-desk', name: 'Front desk', isDefault: true, attributes: {} },
      { id: 'echo', name: 'Echo', isDefault: false, attributes: { team: 'lab', floor: '2' } },
    ];
    expect(formatListing({ agents, violations: [] }, false)).toEqual([
      'ID          NAME        DEFAULT  ATTRIBUTES',
      'front-desk  Front desk  ✓',
      'echo        Echo                 team=lab floor=2',
    ]);
    expect(formatListing({ agents: [], violations: [] }, false)).toEqual(['no virtual agents']);
  });

  it('shortens log lines, and hides what no log may hold', () => {
    const lines: string[] = [];
    const logger = createPrettyLogger('info', (line) => lines.push(line), createPalette(false));
    const conversation = '9cad1dbe-d8ca-4280-ae20-8433258e673d';
    // @ts-expect-error -- Plain events have no fields of this name; where one slips through, it is hidden all the same.
    logEvent(logger, 'call.started', { conversation, agent: 'desk', digits: '1234' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d {2}call started {2}conversation=9cad1dbe… agent=desk digits=\[redacted\]$/u,
    );
  });

  it('tells an unreachable gateway from one that refuses', () => {
    const target = '127.0.0.1:1';
    const details =
      'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ';
    expect(describeRefusal(target, { code: 14, name: 'UNAVAILABLE', details })).toBe(
      'cannot reach 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
    );
    expect(describeRefusal(target, { code: 5, name: 'NOT_FOUND', details: 'no agent' })).toBe(
      '127.0.0.1:1 answered NOT_FOUND: no agent',
    );
  });
});
