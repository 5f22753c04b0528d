import { describe, expect, it } from 'vitest';

import { BALANCERS } from './balancers.ts';
import { readProjectFile } from './deploy-files.ts';

const AN_HOUR_S = 3600;
const STREAMS = 1000;

/**
 * Where each balancer says for how many seconds a stream or a connection may be quiet, and how many streams one may hold.
 * Its own defaults, from 15 seconds to 5 minutes, would cut calls, so each must be said.
 */
const SAID = {
  envoy: {
    quiet: [
      /^ +stream_idle_timeout: (\d+)s$/mu,
      /^ +idle_timeout: (\d+)s$/mu,
      /^ +common_http_protocol_options: \{ idle_timeout: (\d+)s \}$/mu,
    ],
    streams: [
      /^ {16} {2}max_concurrent_streams: (\d+)$/mu,
      /^ {14}max_concurrent_streams: (\d+)$/mu,
    ],
    never: [/^ +timeout: (\d+)s # the default/mu, /^ +request_timeout: (\d+)s$/mu],
    header: 'header_name: x-conversation-id',
  },
  haproxy: {
    quiet: [
      /^ +timeout client (\d+)s$/mu,
      /^ +timeout server (\d+)s$/mu,
      /^ +timeout http-keep-alive (\d+)s$/mu,
      /^ +hard-stop-after (\d+)s$/mu,
    ],
    streams: [/^ +tune\.h2\.max-concurrent-streams (\d+)$/mu],
    never: [],
    header: 'req.hdr(x-conversation-id)',
  },
  nginx: {
    quiet: [
      /^ +grpc_read_timeout (\d+)s;$/mu,
      /^ +grpc_send_timeout (\d+)s;$/mu,
      /^ +client_body_timeout (\d+)s;$/mu,
      /^ +send_timeout (\d+)s;$/mu,
      /^ {4}keepalive_timeout (\d{4,})s;$/mu,
      /^worker_shutdown_timeout (\d+)s;$/mu,
    ],
    streams: [/^ +http2_max_concurrent_streams (\d+);$/mu],
    never: [/^ +client_max_body_size (\d+);$/mu],
    header: '$http_x_conversation_id',
  },
} as const;

const numbersIn = (text: string, patterns: readonly RegExp[]): readonly number[] =>
  patterns.map((pattern) => Number(pattern.exec(text)?.[1]));

describe.each(['envoy', 'haproxy', 'nginx'] as const)('the configuration of %s', (name) => {
  const { quiet, streams, never, header } = SAID[name];
  const read = () => readProjectFile(`deploy/${BALANCERS[name].file}`);

  it('cuts no stream for being long, nor for an hour of silence', async () => {
    const text = await read();
    for (const seconds of numbersIn(text, quiet)) expect(seconds).toBeGreaterThanOrEqual(AN_HOUR_S);
    for (const seconds of numbersIn(text, never)) expect(seconds).toBe(0);
  });

  it('lets one connection carry as many streams as the gateway does', async () => {
    for (const count of numbersIn(await read(), streams)) expect(count).toBe(STREAMS);
  });

  it('keeps a call at one gateway, by its id where there is one', async () => {
    const text = await read();
    expect(text).toContain(header);
    for (const path of [
      '/com.cisco.wcc.ccai.media.v1.',
      '/grpc.health.v1.Health/',
      '/com.cisco.wcc.ccai.v1.Health/',
    ])
      expect(text).toContain(path);
  });
});
