// The waterfall of recent turns.
import { CALL_ID, byId, part, renderTable, setAttribute, setBadge, setText, text } from './dom.js';
import { quantile, toTime, toWait, toWords } from './format.js';

/** Most of the bars fit; one turn that ran out of time must not make the others unreadable. */
function scaleOf(turns) {
  const ends = turns.map(({ doneAfterMs }) => doneAfterMs);
  const wanted = Math.min(Math.max(...ends, 0), Math.max(2 * (quantile(ends, 0.8) ?? 0), 100));
  return (
    [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000].find((ms) => ms >= wanted) ??
    120_000
  );
}

/** Draws the recent turns. */
export function renderTurns({ turns }) {
  const scaleMs = scaleOf(turns);
  setText(byId('turns-scale'), `0 – ${toWait(scaleMs)}`);
  renderTable(byId('turns'), turns, ({ call, turn }) => `${call}.${turn}`, [
    text('number', ({ endedAtMs }) => toTime(endedAtMs)),
    CALL_ID,
    {
      write(cell, { agent, input }) {
        setText(part(cell, 'name'), agent);
        setText(part(cell, 'sub'), toWords(input));
      },
    },
    { className: 'axis', write: (cell, turn) => writeBars(cell, turn, scaleMs) },
    text('number rare', ({ botAfterMs }) => toWait(botAfterMs)),
    text('number', ({ firstAudioAfterMs }) => toWait(firstAudioAfterMs)),
    text('number rare', ({ doneAfterMs }) => toWait(doneAfterMs)),
    {
      write: (cell, { outcome, failure }) =>
        setBadge(cell, toWords(failure ?? outcome), toneOf(outcome, failure)),
    },
  ]);
}

function toneOf(outcome, failure) {
  if (failure !== undefined || outcome === 'failed' || outcome === 'timed-out') return 'bad';
  return outcome === 'answered' || outcome === 'resumed' ? 'good' : 'quiet';
}

function writeBars(cell, { botAfterMs, firstAudioAfterMs, doneAfterMs, failure }, scaleMs) {
  const bars = part(cell, 'bars', 'div');
  setAttribute(bars, 'aria-hidden', 'true');
  setAttribute(bars, 'data-failed', failure);
  const bot = Math.min(botAfterMs ?? doneAfterMs, doneAfterMs);
  const audio = Math.min(Math.max(firstAudioAfterMs ?? bot, bot), doneAfterMs);
  const parts = { bot, voice: audio - bot, rest: doneAfterMs - audio };
  for (const [name, ms] of Object.entries(parts)) {
    const bar = part(bars, name);
    setAttribute(bar, 'data-part', name);
    bar.style.setProperty('--part', `${((ms / scaleMs) * 100).toFixed(2)}%`);
  }
}
