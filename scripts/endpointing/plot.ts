import {
  COMPLETE_TIMEOUT_MS,
  type Finding,
  quantile,
} from '../../test/support/endpointing-measure.ts';

interface Panel {
  readonly title: string;
  readonly left: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limitMs: number;
  readonly values: (finding: Finding) => readonly number[];
}

const WIDTH = 860;
const PANEL_WIDTH = 330;
const TOP = 56;
const ROW_HEIGHT = 26;
const PANELS: readonly Panel[] = [
  {
    title: 'start after the first sound, ms',
    left: 120,
    fromMs: 0,
    toMs: 400,
    limitMs: 200,
    values: ({ onsetsMs }) => onsetsMs,
  },
  {
    title: 'end beyond the complete timeout, ms',
    left: 500,
    fromMs: -100,
    toMs: 200,
    limitMs: 150,
    values: ({ endsMs }) => endsMs.map((ms) => ms - COMPLETE_TIMEOUT_MS),
  },
];
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .grid { stroke: #d0d7de; } .limit { stroke: #bc4c00; stroke-dasharray: 4 3; }
  .range { stroke: #0969da; stroke-width: 2; } .middle { stroke: #0969da; stroke-width: 9; }
  circle { fill: #ffffff; stroke: #0969da; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .grid { stroke: #3d444d; } .limit { stroke: #f0883e; }
    .range, .middle, circle { stroke: #58a6ff; } circle { fill: #0d1117; }
  }`;

/** Draws, for each condition, the least to the greatest delay thin, its 5 to 95 % thick and its median as a ring. */
export function plotFindings(findings: readonly Finding[]): string {
  const height = TOP + findings.length * ROW_HEIGHT + 40;
  const names = findings.map(({ noise, snrDb }, index) =>
    text(
      110,
      rowAt(index) + 4,
      noise === 'clean' ? 'clean' : `${noise} ${String(snrDb)} dB`,
      'end',
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    '<title>How late speech and its end are found, by noise</title>',
    `<style>${STYLE}</style>`,
    ...names,
    ...PANELS.flatMap((panel) => drawPanel(panel, findings, height - 34)),
    '</svg>\n',
  ].join('\n');
}

function drawPanel(panel: Panel, findings: readonly Finding[], bottom: number): readonly string[] {
  const at = (ms: number): number => {
    const within = Math.min(Math.max(ms, panel.fromMs), panel.toMs);
    return Math.round(
      panel.left + ((within - panel.fromMs) / (panel.toMs - panel.fromMs)) * PANEL_WIDTH,
    );
  };
  const ticks: number[] = [];
  for (let ms = panel.fromMs; ms <= panel.toMs; ms += 100) ticks.push(ms);
  return [
    text(panel.left, 22, panel.title, 'start'),
    ...ticks.flatMap((ms) => [
      line('grid', at(ms), TOP - 14, at(ms), bottom),
      text(at(ms), bottom + 18, String(ms), 'middle'),
    ]),
    line('limit', at(panel.limitMs), TOP - 14, at(panel.limitMs), bottom),
    ...findings.flatMap((finding, index) => {
      const values = panel.values(finding);
      const y = rowAt(index);
      return [
        line('range', at(quantile(values, 0)), y, at(quantile(values, 1)), y),
        line('middle', at(quantile(values, 0.05)), y, at(quantile(values, 0.95)), y),
        `<circle cx="${at(quantile(values, 0.5))}" cy="${y}" r="5"/>`,
      ];
    }),
  ];
}

function rowAt(index: number): number {
  return TOP + index * ROW_HEIGHT;
}

function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function text(x: number, y: number, words: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}
