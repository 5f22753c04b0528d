import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { addProcessMetrics, createMetrics } from '../../src/telemetry/metrics.ts';
import { findTool } from '../support/tools.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string): Promise<string> => readFile(resolve(ROOT, file), 'utf8');

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: { readonly summary: string; readonly runbook: string };
}

const rules = (
  parse(await read('deploy/prometheus/alerts.yaml')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  }
).groups.flatMap((group) => group.rules);
const alerts = rules.flatMap(({ alert, annotations }) =>
  alert === undefined ? [] : [{ alert, runbook: annotations?.runbook ?? '' }],
);
const dashboard = JSON.parse(await read('deploy/grafana/byova-gateway.json')) as {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
};

/** The series that the gateway has, with their labels; a histogram is three. */
function seriesOfGateway(): ReadonlyMap<string, ReadonlySet<string>> {
  const { registry } = createMetrics();
  addProcessMetrics(registry);
  const described = registry.getMetricsAsArray();
  return new Map(
    described.flatMap((metric) => {
      const own = 'labelNames' in metric ? (metric.labelNames as readonly string[]) : [];
      const labels = new Set([...own, 'job', 'instance', 'le']);
      return ['', '_bucket', '_sum', '_count'].map(
        (suffix) => [metric.name + suffix, labels] as const,
      );
    }),
  );
}

/** Series of an expression, each with the labels that it is asked for by. */
function seriesIn(expr: string): readonly { readonly name: string; readonly labels: string[] }[] {
  return [...expr.matchAll(/\b(byova[a-z0-9_:]+)(?:\{([^}]*)\})?/gu)].map(
    ([, name = '', selector = '']) => ({
      name,
      labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/gu)].map(([, label = '']) => label),
    }),
  );
}

const recorded = new Set(rules.flatMap(({ record }) => record ?? []));

describe('what is watched', () => {
  it.each([
    ['alerts', rules.map(({ expr }) => expr)],
    ['dashboard', dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))],
  ])('by the %s are series that exist, by labels that they have', (_, expressions) => {
    const known = seriesOfGateway();
    const asked = expressions.flatMap(seriesIn);
    expect(asked.length).toBeGreaterThan(10);
    const unknown = asked.filter(
      ({ name, labels }) =>
        !recorded.has(name) && !labels.every((label) => known.get(name)?.has(label) === true),
    );
    expect(unknown).toEqual([]);
    const absent = asked.filter(({ name }) => !recorded.has(name) && !known.has(name));
    expect(absent).toEqual([]);
  });

  it('by the dashboard is what its script writes', async () => {
    const before = await read('deploy/grafana/byova-gateway.json');
    await promisify(execFile)('npx', ['tsx', 'scripts/grafana-dashboard.ts'], { cwd: ROOT });
    expect(await read('deploy/grafana/byova-gateway.json')).toBe(before);
  });
});

describe('every alert', () => {
  it.each(alerts)('$alert has a page that names it', async ({ alert, runbook }) => {
    await access(resolve(ROOT, runbook));
    expect(await read(runbook)).toContain(`\`${alert}\``);
  });

  it('is driven by the test of the rules, to fire and to stay silent', async () => {
    const { tests } = parse(await read('deploy/prometheus/alerts.test.yaml')) as {
      readonly tests: readonly {
        readonly alert_rule_test: readonly {
          readonly alertname: string;
          readonly exp_alerts: readonly unknown[];
        }[];
      }[];
    };
    const cases = tests.flatMap((test) => test.alert_rule_test);
    const names = (fires: boolean): readonly string[] =>
      [
        ...new Set(
          cases
            .filter(({ exp_alerts: expected }) => expected.length > 0 === fires)
            .map(({ alertname }) => alertname),
        ),
      ].sort();
    const all = alerts.map(({ alert }) => alert).sort();
    expect(names(true)).toEqual(all);
    expect(names(false)).toEqual(all);
  });
});

const promtool = findTool('promtool');
describe.skipIf(promtool === undefined)('promtool', () => {
  const run = (...args: readonly string[]) =>
    promisify(execFile)(promtool ?? '', args, { cwd: resolve(ROOT, 'deploy/prometheus') });

  it('accepts the rules', async () => {
    await expect(run('check', 'rules', 'alerts.yaml')).resolves.toBeDefined();
  });

  it('sees every alert fire on what it is for, and none when all is well', async () => {
    const { stdout } = await run('test', 'rules', 'alerts.test.yaml');
    expect(stdout).toContain('SUCCESS');
  });
});
