// Measures endpointing on the spoken corpus and writes docs/turn-taking.md and its plot: npm run measure:endpointing.
import { readFile, writeFile } from 'node:fs/promises';

import {
  COMPLETE_TIMEOUT_MS,
  CONDITIONS,
  createEmptyLines,
  createNewNoises,
  type Finding,
  findEdges,
  measureCondition,
  onsetWithin,
  quantile,
} from '../../test/support/endpointing-measure.ts';
import { loadSpeechCorpus } from '../../test/support/speech-corpus.ts';
import { plotFindings } from './plot.ts';

const PAGE = new URL('../../docs/turn-taking.md', import.meta.url);
const PLOT = new URL('../../docs/plots/endpointing.svg', import.meta.url);
const EMPTY_LINE_MS = 600_000;

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

function toTable(findings: readonly Finding[]): string {
  return [
    row(
      'line',
      'calls',
      'start p50',
      'p95',
      'within 200 ms',
      'missed',
      'end p50',
      'latest',
      'splits',
      'false starts',
    ),
    row(...Array.from({ length: 10 }, () => '---')),
    ...findings.map((finding) =>
      row(
        finding.noise === 'clean' ? 'clean' : `${finding.noise}, ${finding.snrDb} dB`,
        finding.calls,
        quantile(finding.onsetsMs, 0.5),
        quantile(finding.onsetsMs, 0.95),
        `${(onsetWithin(finding, 200) * 100).toFixed(1)} %`,
        finding.missed,
        quantile(finding.endsMs, 0.5) - COMPLETE_TIMEOUT_MS,
        quantile(finding.endsMs, 1) === Infinity
          ? 'never'
          : quantile(finding.endsMs, 1) - COMPLETE_TIMEOUT_MS,
        finding.splits,
        finding.falseStarts,
      ),
    ),
  ].join('\n');
}

/** Starts of utterances that nobody spoke, line by line. */
function toFalseStarts(title: string, lines: Readonly<Record<string, () => Int16Array>>): string {
  const counts = Object.entries(lines).map(([name, sound]) =>
    row(name, findEdges(sound()).filter(({ edge }) => edge === 'speech-start').length),
  );
  return [row(title, 'false starts'), row('---', '---'), ...counts].join('\n');
}

const corpus = await loadSpeechCorpus();
const heldOut = await loadSpeechCorpus('held-out');
const findings = CONDITIONS.map((condition) => measureCondition(corpus, condition));
const tables = {
  endpointing: toTable(findings),
  'held-out': toTable(CONDITIONS.map((condition) => measureCondition(heldOut, condition))),
  'empty-lines': toFalseStarts('ten minutes of', createEmptyLines(corpus, EMPTY_LINE_MS)),
  'new-noises': toFalseStarts('ten times', createNewNoises(heldOut)),
};
let page = await readFile(PAGE, 'utf8');
for (const [name, table] of Object.entries(tables))
  page = page.replace(
    new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`, 'u'),
    (_match, begin: string, end: string) => `${begin}${table}\n${end}`,
  );
await writeFile(PAGE, page);
await writeFile(PLOT, plotFindings(findings));
process.stdout.write(`${Object.values(tables).join('\n\n')}\n`);
