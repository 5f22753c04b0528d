import { beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';

import { MINIMAL_CONFIG, parse } from '../support/config-text.ts';
import {
  type FindManifest,
  parseDockerfile,
  readManifests,
  readProjectFile,
} from './deploy-files.ts';

const CHART = 'deploy/helm/byova-gateway';
const SECRETS = {
  BYOVA_ADMIN_TOKEN: 'a-token-of-operators',
  BYOVA_REDIS_URL: 'redis://redis.example.com:6379',
};

interface Probe {
  readonly httpGet: { readonly path: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
interface Container {
  readonly ports: readonly { readonly containerPort: number }[];
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly securityContext: object;
  readonly resources: { readonly limits: object; readonly requests: { readonly cpu: string } };
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: object;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly emptyDir?: object }[];
}
interface DeploymentSpec {
  readonly replicas?: number;
  readonly minReadySeconds: number;
  readonly strategy: { readonly rollingUpdate: object };
  readonly template: { readonly spec: PodSpec };
}

let of: FindManifest;
const deployment = () => of<DeploymentSpec>('Deployment').spec;
const pod = () => deployment().template.spec;
beforeAll(async () => {
  of = await readManifests();
});

describe('the manifests for Kubernetes', () => {
  it('give the gateway a configuration that it accepts, and time to drain as that says', () => {
    const { data } = of<never>('ConfigMap');
    const { grpc, admin } = parse(data['byova.yaml'] ?? '', SECRETS);
    const spec = pod();
    const ports = spec.containers[0].ports.map(({ containerPort }) => containerPort);
    expect([grpc.listen.port, admin.listen.port]).toEqual(ports);
    expect([grpc.listen.host, admin.listen.host]).toEqual(['0.0.0.0', '0.0.0.0']);
    const { preStop } = spec.containers[0].lifecycle;
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(
      preStop.sleep.seconds + grpc.limits.drainForceMs / 1000,
    );
  });

  it('replace pods without a gap: a new one is ready before an old one drains', () => {
    const { strategy, minReadySeconds, replicas } = deployment();
    expect(strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(minReadySeconds).toBeGreaterThan(0);
    // An autoscaler owns the number.
    expect(replicas).toBeUndefined();
    expect(of<{ maxUnavailable: number }>('PodDisruptionBudget').spec.maxUnavailable).toBe(1);
  });

  it('take a pod out of the service before it is told to stop', () => {
    const { containers } = pod();
    const { readinessProbe, lifecycle } = containers[0];
    expect(lifecycle.preStop.sleep.seconds).toBeGreaterThan(
      readinessProbe.periodSeconds * readinessProbe.failureThreshold,
    );
  });

  it('ask each probe for what it is about, and restart nothing for somebody else’s outage', () => {
    const [{ startupProbe, livenessProbe, readinessProbe }] = pod().containers;
    const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
    expect(paths).toEqual(['/startupz', '/livez', '/readyz']);
    expect(livenessProbe.periodSeconds * livenessProbe.failureThreshold).toBeGreaterThanOrEqual(60);
  });

  it('give the process no rights', () => {
    const spec = pod();
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(spec.containers[0].resources.limits).not.toHaveProperty('cpu');
  });

  it('start a worker for each processor that the pod asks for, and lend them a folder for sockets', () => {
    const { containers, volumes } = pod();
    const [{ args, resources, volumeMounts }] = containers;
    expect(args.slice(-2)).toEqual(['--workers', resources.requests.cpu]);
    const mount = volumeMounts.find(({ mountPath }) => mountPath === '/tmp');
    expect(volumes.find(({ name }) => name === mount?.name)).toHaveProperty('emptyDir');
  });

  it('scale by calls', () => {
    expect(of<{ metrics: object[] }>('HorizontalPodAutoscaler').spec.metrics).toMatchObject([
      { type: 'Pods', pods: { metric: { name: 'byova_conversations' } } },
    ]);
  });

  it('let nobody at the admin port but whom the values name', () => {
    const { ingress } = of<{ ingress: { ports: object[]; from: object[] }[] }>(
      'NetworkPolicy',
    ).spec;
    for (const rule of ingress) expect(rule.from.length).toBeGreaterThan(0);
    expect(ingress.map(({ ports }) => ports)).toEqual([[{ port: 'grpc' }], [{ port: 'admin' }]]);
  });
});

describe('the chart', () => {
  it('describes every value, and has a schema for it', async () => {
    const [values, schema] = await Promise.all(
      ['values.yaml', 'values.schema.json'].map((file) => readProjectFile(`${CHART}/${file}`)),
    );
    const { properties } = JSON.parse(schema ?? '') as {
      properties: Record<string, { properties?: object }>;
    };
    // What Helm gives every chart.
    delete properties['global'];
    const named = parseYaml(values ?? '') as Readonly<Record<string, unknown>>;
    expect(Object.keys(named).sort()).toEqual(Object.keys(properties).sort());
    for (const [name, value] of Object.entries(named)) {
      const parts = name === 'config' ? undefined : properties[name]?.properties;
      if (parts !== undefined)
        expect(Object.keys(value as object).sort()).toEqual(Object.keys(parts).sort());
    }
  });

  it('is of the version of the gateway', async () => {
    const { version } = JSON.parse(await readProjectFile('package.json')) as { version: string };
    expect(parseYaml(await readProjectFile(`${CHART}/Chart.yaml`))).toMatchObject({
      version,
      appVersion: version,
    });
  });
});

describe('the image', () => {
  it('starts a worker a core, and may write sockets where else it is read-only', async () => {
    const said = parseDockerfile(await readProjectFile('Dockerfile'));
    const command = said.find(({ name }) => name === 'CMD');
    expect(JSON.parse(command?.rest ?? '[]').slice(-2)).toEqual(['--workers', 'auto']);
    expect(said).toContainEqual({ name: 'VOLUME', rest: '/tmp' });
  });
});

describe('the unit for systemd', () => {
  it('starts a worker a core, with a /tmp of their own for sockets', async () => {
    const unit = await readProjectFile('deploy/systemd/byova-gateway.service');
    expect(/^ExecStart=(.+)$/mu.exec(unit)?.[1]).toMatch(/ --workers auto$/u);
    expect(unit).toContain('\nPrivateTmp=yes\n');
    expect(unit).toMatch(/^RestrictAddressFamilies=.*AF_UNIX/mu);
  });

  it('waits longer than the gateway drains, and does not restart it for a wrong configuration', async () => {
    const unit = await readProjectFile('deploy/systemd/byova-gateway.service');
    const seconds = Number(/^TimeoutStopSec=(\d+)$/mu.exec(unit)?.[1]);
    const { grpc } = parse(MINIMAL_CONFIG);
    expect(seconds).toBeGreaterThan(grpc.limits.drainForceMs / 1000);
    expect(unit).toContain('RestartPreventExitStatus=78');
  });
});
