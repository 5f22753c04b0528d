import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { startAdmin } from '../../src/admin/start-admin.ts';
import { CONFIG_KEYS } from '../../src/config/config-keys.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { MINIMAL_CONFIG, parse } from '../support/config-text.ts';
import { ROOT, readDeployFiles, readProjectFile } from './deploy-files.ts';

let files: ReadonlyMap<string, string>;
beforeAll(async () => {
  files = await readDeployFiles();
});

/** What matches anywhere in the files, each once, with the file that says it first. */
function mentions(pattern: RegExp): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [file, text] of files)
    for (const [match] of text.matchAll(pattern)) if (!found.has(match)) found.set(match, file);
  return found;
}

/** Those of what was mentioned that are not true, with the file. */
const untrue = (said: ReadonlyMap<string, string>, isTrue: (text: string) => boolean) =>
  [...said].filter(([text]) => !isTrue(text));

describe('what deploy/ and its page say of the gateway', () => {
  it('names series that exist', () => {
    const names = new Set(
      createMetrics()
        .registry.getMetricsAsArray()
        .map(({ name }) => name),
    );
    const said = mentions(/\bbyova_[a-z_]+/gu);
    expect(said.size).toBeGreaterThan(0);
    expect(untrue(said, (name) => names.has(name))).toEqual([]);
  });

  it('names paths that the admin port answers', async () => {
    const admin = await startAdmin(
      { host: '127.0.0.1', port: 0 },
      {
        registry: createMetrics().registry,
        logger: silentLogger,
        clock: systemClock,
        readiness: () => ({ state: 'ready', reasons: [], notices: [] }),
      },
    );
    onTestFinished(() => admin.close());
    const said = [...mentions(/(?<=[\s:/`'"])\/?(?:[a-z]+z|metrics)(?=[\s,;:`'")}])/gu).keys()]
      .filter((path) => path.startsWith('/'))
      .concat('/any/v1/ping');
    expect(said).toEqual(expect.arrayContaining(['/livez', '/readyz', '/startupz', '/metrics']));
    for (const path of said) {
      const { status } = await fetch(`http://127.0.0.1:${admin.port}${path}`);
      expect([path, status]).toEqual([path, 200]);
    }
  });

  it('names gRPC services that the proto files have', async () => {
    const protos = (await readdir(join(ROOT, 'proto'), { recursive: true })).filter((file) =>
      file.endsWith('.proto'),
    );
    const texts = await Promise.all(protos.map((file) => readProjectFile(join('proto', file))));
    const services = texts.flatMap((text) => {
      const name = /^package ([\w.]+);/mu.exec(text)?.[1] ?? '';
      return [...text.matchAll(/^service (\w+)/gmu)].map(([, service]) => `${name}.${service}`);
    });
    const said = mentions(/com\.cisco\.wcc[\w.]*/gu);
    expect(said.size).toBeGreaterThan(2);
    expect(
      untrue(said, (text) =>
        services.some((name) => name === text || (text.endsWith('.') && name.startsWith(text))),
      ),
    ).toEqual([]);
  });

  it('names keys that the configuration has', () => {
    const said = mentions(
      /(?<![\w./-])(?:grpc|admin|trust|conversation|speech|log)\.[a-z]\w+(?:\.\w+)*/gu,
    );
    expect(said.size).toBeGreaterThan(0);
    const known = CONFIG_KEYS.map(({ path }) => path);
    expect(
      untrue(
        said,
        (key) =>
          key.startsWith('grpc.health') ||
          known.some((path) => path === key || path.startsWith(`${key}.`)),
      ),
    ).toEqual([]);
  });

  it('uses the ports of the defaults', () => {
    const { grpc, admin } = parse(MINIMAL_CONFIG);
    expect(files.get('Dockerfile')).toContain(`EXPOSE ${grpc.listen.port} ${admin.listen.port}`);
    const ports = [
      ...mentions(/(?:192\.0\.2\.\d+(?::|, port_value: )|containerPort: |check port )\d+/gu).keys(),
    ];
    expect(new Set(ports.map((text) => Number(/\d+$/u.exec(text)?.[0])))).toEqual(
      // The chart chooses where pods reach each other.
      new Set([grpc.listen.port, admin.listen.port, 50_052]),
    );
  });

  it('names files that are there', () => {
    const said = mentions(/(?<=[`(\s])(?:deploy|docs|test|src|examples)\/[\w./-]+\w/gu);
    expect(said.size).toBeGreaterThan(5);
    expect(untrue(said, (path) => existsSync(join(ROOT, path)))).toEqual([]);
  });
});
