import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { ROOT } from '../deploy/deploy-files.ts';
import { findTool } from '../support/tools.ts';

const CHART = 'deploy/helm/byova-gateway';
const MANIFESTS = 'deploy/kubernetes/byova-gateway.yaml';
const VALUES = ['--values', 'deploy/helm/example-values.yaml'];
const KUBE = ['--kube-version', '1.30.0'];

async function run(tool: string, args: readonly string[]) {
  return promisify(execFile)(findTool(tool) ?? tool, args, { cwd: ROOT });
}
const template = async (...args: readonly string[]): Promise<string> =>
  (
    await run('helm', [
      'template',
      'byova-gateway',
      CHART,
      '--namespace',
      'byova',
      ...KUBE,
      ...args,
    ])
  ).stdout;

describe('the chart, read by helm', { timeout: 30_000 }, () => {
  it('passes its linter', async () => {
    await expect(
      run('helm', ['lint', '--strict', CHART, ...KUBE, ...VALUES]),
    ).resolves.toBeDefined();
  });

  it('renders the manifests of the repository (vitest -u renders them anew)', async () => {
    await expect(await template(...VALUES)).toMatchFileSnapshot(`${ROOT}${MANIFESTS}`);
  });

  it('says what is missing or unknown', async () => {
    await expect(template()).rejects.toThrow(/dataSources/u);
    await expect(template(...VALUES, '--set', 'replicaz=2')).rejects.toThrow(/replicaz/u);
    await expect(template(...VALUES, '--set', 'config.grpc.listen=:1')).rejects.toThrow(/grpc/u);
  });

  it('renders TLS with client certificates, and a fixed number of pods', async () => {
    const text = await template(
      ...VALUES,
      '--set',
      'autoscaling.enabled=false,replicas=3',
      '--set',
      'tls.secretName=webex-tls,tls.clientCa=true,tls.clientNames={*.example.com}',
    );
    expect(text).toContain('replicas: 3');
    expect(text).toContain('clientCa: /etc/byova-tls/ca.crt');
    expect(text).toContain("- '*.example.com'");
    expect(text).toContain('secretName: webex-tls');
    expect(text).not.toContain('HorizontalPodAutoscaler');
  });

  it('lets pods reach each other where they share conversations, and nowhere else', async () => {
    expect(await template(...VALUES)).not.toContain('50052');
    const shared = await template(
      ...VALUES,
      '--set',
      'workers=1',
      '--set',
      'config.peers.token=$\\{BYOVA_PEER_TOKEN\\}',
      '--set',
      'config.conversation.redis.url=redis://redis:6379',
    );
    expect(shared).toContain('advertise: ${BYOVA_POD_IP}:50052');
    expect(shared).toContain('fieldPath: status.podIP');
    expect(shared).toContain('{ name: peers, containerPort: 50052 }');
    expect(shared.split('- ports: [{ port: peers }]')).toHaveLength(3);
  });

  it.each([
    ['resources.requests.cpu=2500m', '3'],
    ['resources.requests.cpu=null', '1'],
    // Node.js reads the limit, unless it is less than one processor.
    ['resources.limits.cpu=4', 'auto'],
    ['resources.limits.cpu=500m', '1'],
    ['workers=5', '5'],
  ])('with %s, starts %s workers', async (value, workers) => {
    const text = await template(...VALUES, '--set', value);
    expect(text).toContain(`--workers, "${workers}"]`);
    expect(text.includes('mountPath: /tmp')).toBe(workers !== '1');
  });

  it('leaves a /tmp alone that the values mount', async () => {
    const text = await template(
      ...VALUES,
      '--set',
      'volumes[0].name=own,volumeMounts[0].name=own,volumeMounts[0].mountPath=/tmp',
    );
    expect(text.split('mountPath: /tmp')).toHaveLength(2);
    expect(text).not.toContain('name: sockets');
  });

  it('opens a port between pods for each worker', async () => {
    const text = await template(
      ...VALUES,
      '--set',
      'workers=3,config.peers.token=$\\{BYOVA_PEER_TOKEN\\}',
    );
    expect(text.split('- ports: [{ port: 50052, endPort: 50054 }]')).toHaveLength(3);
  });

  it.each(['1.30', '1.37'])('renders what Kubernetes %s knows', async (version) => {
    await expect(
      run('kubernetes-validate', ['--strict', '--quiet', '-k', version, MANIFESTS]),
    ).resolves.toMatchObject({ stdout: '' });
  });
});
