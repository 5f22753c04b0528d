// Writes the Grafana dashboard: npx tsx scripts/grafana-dashboard.ts
import { writeFile } from 'node:fs/promises';

interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  /** What it tells, for who stands before it at night. */
  readonly meaning: string;
  readonly unit: string;
  readonly queries: readonly Query[];
}

const JOB = 'job=~"$job"';
const rate = (series: string, by: string, filter = ''): string =>
  `sum by (${by}) (rate(${series}{${JOB}${filter}}[$__rate_interval]))`;
const quantile = (q: number, series: string): string =>
  `histogram_quantile(${q}, ${rate(`${series}_bucket`, 'le')})`;

const PANELS: readonly Panel[] = [
  {
    title: 'Calls now',
    meaning: 'Conversations that are held, by process.',
    unit: 'short',
    queries: [{ expr: `byova_conversations{${JOB}}`, legend: '{{instance}}' }],
  },
  {
    title: 'Turns by outcome',
    meaning:
      'failed and timed-out are what callers feel; interrupted is a caller who spoke over the prompt.',
    unit: 'ops',
    queries: [{ expr: rate('byova_turns_total', 'outcome'), legend: '{{outcome}}' }],
  },
  {
    title: 'Turns that fail',
    meaning: 'Against the objective of 0.5 %.',
    unit: 'percentunit',
    queries: [
      { expr: `byova:turn_failures:ratio_rate5m{${JOB}}`, legend: '5 minutes' },
      { expr: `byova:turn_failures:ratio_rate1h{${JOB}}`, legend: '1 hour' },
    ],
  },
  {
    title: 'End of speech to first answer',
    meaning: 'What the caller waits for; two seconds are the objective.',
    unit: 's',
    queries: [0.5, 0.95, 0.99].map((q) => ({
      expr: quantile(q, 'byova_first_answer_seconds'),
      legend: `p${q * 100}`,
    })),
  },
  {
    title: 'Failures of bots',
    meaning: 'By kind: the error code in the log line bot.failed.',
    unit: 'ops',
    queries: [{ expr: rate('byova_bot_failures_total', 'kind'), legend: '{{kind}}' }],
  },
  {
    title: 'Fillers and fallbacks',
    meaning: 'Callers who heard a filler, an apology, or were given up.',
    unit: 'ops',
    queries: [
      { expr: rate('byova_fillers_total', 'job'), legend: 'filler' },
      { expr: rate('byova_fallbacks_total', 'action'), legend: '{{action}}' },
    ],
  },
  {
    title: 'Calls ended',
    meaning: 'Why calls ended; idle is a call that nobody ended.',
    unit: 'ops',
    queries: [{ expr: rate('byova_calls_ended_total', 'reason'), legend: '{{reason}}' }],
  },
  {
    title: 'RPCs by status',
    meaning: 'RESOURCE_EXHAUSTED: no room. INTERNAL: a fault of the gateway.',
    unit: 'ops',
    queries: [{ expr: rate('byova_rpcs_total', 'status'), legend: '{{status}}' }],
  },
  {
    title: 'Credentials refused',
    meaning: 'By reason.',
    unit: 'ops',
    queries: [
      {
        expr: rate('byova_authentications_total', 'result', ',result!="ok"'),
        legend: '{{result}}',
      },
    ],
  },
  {
    title: 'Issuer keys and replay store',
    meaning: 'Above 0: keys that could not be fetched anew; a shared store that does not answer.',
    unit: 'short',
    queries: [
      { expr: `byova_keys_stale{${JOB}}`, legend: 'stale issuers {{instance}}' },
      { expr: `byova_replay_store_degraded{${JOB}}`, legend: 'replay store {{instance}}' },
    ],
  },
  {
    title: 'Event loop',
    meaning: 'Above 100 ms audio comes late.',
    unit: 's',
    queries: [
      { expr: `byova_nodejs_eventloop_lag_p99_seconds{${JOB}}`, legend: 'p99 {{instance}}' },
    ],
  },
  {
    title: 'Queues',
    meaning:
      'What waits: for clients who read slowly, for slow bots and recognisers (ears), for whoever reads the log.',
    unit: 'bytes',
    queries: [{ expr: `sum by (queue) (byova_queue_bytes{${JOB}})`, legend: '{{queue}}' }],
  },
  {
    title: 'Thrown away',
    meaning: 'Log lines that nobody took, and sound of utterances that were too long.',
    unit: 'short',
    queries: [
      { expr: rate('byova_log_lines_dropped_total', 'job'), legend: 'log lines / s' },
      { expr: rate('byova_audio_dropped_bytes_total', 'job'), legend: 'bytes of sound / s' },
    ],
  },
  {
    title: 'Waiting for the voice',
    meaning: 'Texts that wait for a thread of the embedded voice; the cache answers most.',
    unit: 'short',
    queries: [{ expr: `byova_speech_queue_length{${JOB}}`, legend: '{{instance}}' }],
  },
  {
    title: 'Connections',
    meaning: 'Unproven: no RPC was admitted on them yet.',
    unit: 'short',
    queries: [{ expr: `sum by (state) (byova_connections{${JOB}})`, legend: '{{state}}' }],
  },
  {
    title: 'Admission of new calls',
    meaning: 'By decision; anything but admitted is a caller who went elsewhere.',
    unit: 'ops',
    queries: [{ expr: rate('byova_admissions_total', 'decision'), legend: '{{decision}}' }],
  },
  {
    title: 'Garbage collection',
    meaning: 'Share of time that the process stood still, by kind of collection.',
    unit: 'percentunit',
    queries: [{ expr: rate('byova_nodejs_gc_duration_seconds_sum', 'kind'), legend: '{{kind}}' }],
  },
  {
    title: 'Memory and CPU',
    meaning: 'Resident memory, and cores in use.',
    unit: 'short',
    queries: [
      { expr: `byova_process_resident_memory_bytes{${JOB}}`, legend: 'bytes {{instance}}' },
      { expr: `byova_nodejs_heap_size_used_bytes{${JOB}}`, legend: 'heap {{instance}}' },
      {
        expr: `rate(byova_process_cpu_seconds_total{${JOB}}[$__rate_interval])`,
        legend: 'cores {{instance}}',
      },
    ],
  },
];

const PROMETHEUS = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 3;
const [WIDTH, HEIGHT] = [8, 7];

const dashboard = {
  title: 'byova-gateway',
  uid: 'byova-gateway',
  tags: ['byova'],
  timezone: 'browser',
  schemaVersion: 39,
  version: 1,
  refresh: '30s',
  time: { from: 'now-1h', to: 'now' },
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus' },
      {
        name: 'job',
        type: 'query',
        datasource: PROMETHEUS,
        query: 'label_values(byova_conversations, job)',
        includeAll: true,
        multi: true,
        current: { text: 'All', value: '$__all' },
      },
    ],
  },
  panels: PANELS.map(({ title, meaning, unit, queries }, index) => ({
    id: index + 1,
    type: 'timeseries',
    title,
    description: meaning,
    datasource: PROMETHEUS,
    gridPos: {
      x: (index % COLUMNS) * WIDTH,
      y: Math.floor(index / COLUMNS) * HEIGHT,
      w: WIDTH,
      h: HEIGHT,
    },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 8 } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: queries.map(({ expr, legend }, query) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + query),
      datasource: PROMETHEUS,
      expr,
      legendFormat: legend,
    })),
  })),
};

await writeFile(
  new URL('../deploy/grafana/byova-gateway.json', import.meta.url),
  `${JSON.stringify(dashboard, null, 2)}\n`,
);
