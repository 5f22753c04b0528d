import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';

import { percentile } from './percentile.ts';

/** A row of the plot: many values of one thing. */
export interface PlotRow {
  readonly name: string;
  readonly values: readonly number[];
  /** Where it should end, in the unit of the axis. */
  readonly limit?: number;
}

const DOCS = new URL('../../docs/', import.meta.url);
const WIDTH = 860;
const LEFT = 300;
const PLOT_WIDTH = 520;
const TOP = 56;
const ROW_HEIGHT = 28;
/** Of all plots: one look, by day and by night. */
export const PLOT_STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .grid { stroke: #d0d7de; } .limit { stroke: #bc4c00; stroke-width: 2; }
  .range { stroke: #0969da; stroke-width: 2; fill: none; } .middle { stroke: #0969da; stroke-width: 9; }
  circle { fill: #ffffff; stroke: #0969da; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .grid { stroke: #3d444d; } .limit { stroke: #f0883e; }
    .range, .middle { stroke: #58a6ff; } circle { stroke: #58a6ff; fill: #0d1117; }
  }`;

/** A table row of Markdown. */
function row(...cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A table of Markdown. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join(
    '\n',
  );
}

/** Where figures come from: how busy the machine was, and what ran. */
export function machine(): string {
  return `Load average of the machine at the end: ${loadavg()[0]?.toFixed(1)}, on ${cpus().length} cores; Node.js ${process.version}.`;
}

/** A number of milliseconds, for people. */
export function toMs(value: number): string {
  return Number.isNaN(value) ? '-' : `${value.toFixed(1)} ms`;
}

/** Draws, for each row, the first to the 99th percentile thin, 5 to 95 % thick, the median as a ring, the limit as a bar. */
export function plot(
  title: string,
  rows: readonly PlotRow[],
  unit: 'ms' | '%' | 'KB' | 'µs' = 'ms',
): string {
  const ends = rows.flatMap(({ values, limit = 0 }) => [percentile(values, 0.99), limit]);
  const to = Math.ceil(Math.max(...ends, 10) / 10) * 10;
  const from =
    Math.floor(Math.min(0, ...rows.map(({ values }) => percentile(values, 0.01))) / 10) * 10;
  const at = (value: number): number =>
    Math.round(LEFT + ((value - from) / (to - from)) * PLOT_WIDTH);
  const height = TOP + rows.length * ROW_HEIGHT + 34;
  const bottom = height - 34;
  const ticks = Array.from({ length: 6 }, (_, index) => from + ((to - from) * index) / 5);
  const line = (kind: string, x1: number, y1: number, x2: number, y2: number): string =>
    `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${PLOT_STYLE}</style>`,
    `<text x="${LEFT}" y="22">${title}, ${unit}</text>`,
    ...ticks.flatMap((tick) => [
      line('grid', at(tick), TOP - 16, at(tick), bottom),
      `<text x="${at(tick)}" y="${bottom + 18}" text-anchor="middle">${Math.round(tick)}</text>`,
    ]),
    ...rows.flatMap(({ name, values, limit }, index) => {
      const y = TOP + index * ROW_HEIGHT;
      const share = (part: number): number => at(percentile(values, part));
      return [
        `<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${name}</text>`,
        line('range', share(0.01), y, share(0.99), y),
        line('middle', share(0.05), y, share(0.95), y),
        `<circle cx="${share(0.5)}" cy="${y}" r="5"/>`,
        ...(limit === undefined ? [] : [line('limit', at(limit), y - 10, at(limit), y + 10)]),
      ];
    }),
    '</svg>\n',
  ].join('\n');
}

/** Puts a text between the markers `<!-- figures -->` and `<!-- /figures -->` of a page. */
export async function writeFigures(name: string, figures: string): Promise<void> {
  const page = new URL(`performance/${name}.md`, DOCS);
  const text = await readFile(page, 'utf8');
  await writeFile(
    page,
    text.replace(
      /(<!-- figures -->\n)[\s\S]*?(<!-- \/figures -->)/u,
      (_match, begin: string, end: string) => `${begin}${figures}\n${end}`,
    ),
  );
}

/** Puts a plot where pages find it. */
export async function writePlot(name: string, svg: string): Promise<void> {
  await writeFile(new URL(`plots/${name}.svg`, DOCS), svg);
}

/** Stores raw figures beside the pages. */
export async function writeJson(name: string, json: unknown): Promise<void> {
  await writeFile(
    new URL(`performance/${name}.json`, DOCS),
    `${JSON.stringify(json, undefined, 2)}\n`,
  );
}

/** Writes the figures of a page, and its plot and raw figures, which have the page's name. */
export async function writeReport(
  name: string,
  report: { readonly figures: string; readonly svg: string; readonly json: unknown },
): Promise<void> {
  await writeFigures(name, report.figures);
  await writePlot(name, report.svg);
  await writeJson(name, report.json);
}
