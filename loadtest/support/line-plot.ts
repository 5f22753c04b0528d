import { PLOT_STYLE } from './report.ts';

/** One quantity over time, with an axis of its own. */
export interface LinePanel {
  readonly name: string;
  /** Seconds, and what was measured then. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

const WIDTH = 860;
const LEFT = 70;
const RIGHT = 20;
const TOP = 40;
const PANEL_HEIGHT = 110;
const GAP = 36;
const TICKS = 6;

/** Draws quantities over the same time, one below the other, each from 0. */
export function plotLines(title: string, panels: readonly LinePanel[]): string {
  const seconds = Math.max(1, ...panels.flatMap(({ points }) => points.map(([at]) => at)));
  const isLong = seconds > 300;
  const x = (at: number): number => LEFT + (at / seconds) * (WIDTH - LEFT - RIGHT);
  const height = TOP + panels.length * (PANEL_HEIGHT + GAP) + 10;
  const ticks = Array.from({ length: TICKS }, (_, index) => (seconds * index) / (TICKS - 1));
  const bottom = height - 34;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${PLOT_STYLE}</style>`,
    `<text x="${LEFT}" y="18">${title}</text>`,
    ...ticks.flatMap((at) => [
      `<line class="grid" x1="${x(at).toFixed(1)}" y1="${TOP}" x2="${x(at).toFixed(1)}" y2="${bottom}"/>`,
      `<text x="${x(at).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${isLong ? `${(at / 60).toFixed(0)} min` : `${at.toFixed(0)} s`}</text>`,
    ]),
    ...panels.flatMap(({ name, points }, index) => {
      const top = TOP + index * (PANEL_HEIGHT + GAP) + 20;
      const most = Math.max(...points.map(([, value]) => value), 1e-9);
      const y = (value: number): number => top + PANEL_HEIGHT * (1 - value / most);
      const path = points
        .filter(([, value]) => Number.isFinite(value))
        .map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`)
        .join(' ');
      return [
        `<text x="${LEFT}" y="${top - 6}">${name}</text>`,
        ...[0, most].flatMap((value) => [
          `<line class="grid" x1="${LEFT}" y1="${y(value)}" x2="${WIDTH - RIGHT}" y2="${y(value)}"/>`,
          `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${toShort(value)}</text>`,
        ]),
        `<polyline class="range" points="${path}"/>`,
      ];
    }),
    '</svg>\n',
  ].join('\n');
}

function toShort(value: number): string {
  return value >= 100 || value === 0 ? value.toFixed(0) : value.toPrecision(2);
}
