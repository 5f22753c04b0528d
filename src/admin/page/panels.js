// One function a panel: state in, page changed.
import {
  CALL_ID,
  byId,
  part,
  renderTable,
  setAttribute,
  setBadge,
  setMeter,
  setNames,
  setText,
  text,
} from './dom.js';
import { quantile, shorten, toBytes, toClock, toCount, toSpan, toWait, toWords } from './format.js';
import { renderTurns } from './turns-panel.js';

const ORGANISATION = {
  className: 'rare code',
  write(cell, { organisation, loggedAs }) {
    setNames(cell, shorten(organisation), loggedAs?.organisation);
    setAttribute(cell, 'title', organisation);
  },
};
const AGENT = {
  write(cell, { agent, bot }) {
    setText(part(cell, 'name'), agent);
    setText(part(cell, 'sub'), bot);
  },
};

function writeId(cell, id) {
  setText(cell, shorten(id));
  setAttribute(cell, 'title', id);
}

/** Draws everything. @param actions What buttons inside of tables do. */
export function renderState(state, actions) {
  renderHead(state);
  renderFigures(state);
  renderCalls(state, actions);
  renderTurns(state);
  renderBots(state);
  renderLimits(state);
  renderCounts('admissions', state.counts.admissions, (name) => name === 'admitted');
  renderCounts('authentications', state.counts.authentications, (name) => name === 'ok');
  renderCounts('endings', state.counts.callsEnded, (name) => name !== 'error');
  renderKeys(state);
  renderLevels(state, actions);
}

function renderHead({ service, readiness, counts }) {
  setText(byId('service'), service);
  const { state, isReady, reasons, notices } = readiness;
  const badge = byId('readiness');
  setText(badge, isReady ? 'ready' : state === 'ready' ? 'not ready' : state);
  setAttribute(badge, 'data-tone', isReady ? 'good' : state === 'draining' ? 'warn' : 'bad');
  byId('drain').disabled = state === 'draining';
  const failing = counts.botFailures.filter(({ recent }) => recent > 0);
  const told = [
    ...reasons.map((reason) => `Not ready: ${toWords(reason)}.`),
    ...notices.map((notice) => `Note: ${toWords(notice)}.`),
    ...failing.map(
      ({ name, recent }) => `Bot failures in the last 5 minutes: ${toWords(name)} × ${recent}.`,
    ),
  ].join(' ');
  byId('notice').hidden = told === '';
  setText(byId('notice'), told);
}

function renderFigures({ calls, turns, counts }) {
  const waits = turns.flatMap(({ firstAudioAfterMs }) => firstAudioAfterMs ?? []);
  const failures = sum(counts.botFailures);
  const refusals = sum(counts.authentications.filter(({ name }) => name !== 'ok'));
  setFigure('calls', toCount(calls.total));
  setFigure('thinking', toCount(calls.byState['bot-thinking']));
  setFigure('median', toWait(quantile(waits, 0.5)));
  setFigure(
    'slow',
    toWait(quantile(waits, 0.95)),
    quantile(waits, 0.95) > 2_000 ? 'warn' : undefined,
  );
  setFigure('failures', toCount(failures), failures > 0 ? 'bad' : undefined);
  setFigure('refusals', toCount(refusals), refusals > 0 ? 'warn' : undefined);
}

function setFigure(name, words, tone) {
  setText(byId(`figure-${name}`), words);
  setAttribute(byId(`figure-${name}`), 'data-tone', tone);
}

const sum = (counts) => counts.reduce((total, { recent }) => total + recent, 0);

function renderCalls({ calls, atMs }, { changeLevel }) {
  const hidden = calls.total - calls.shown.length;
  setText(byId('calls-count'), hidden > 0 ? `${toCount(hidden)} more are not shown` : '');
  renderTable(
    byId('calls'),
    calls.shown,
    ({ call }) => call,
    [
      {
        write(cell, { state, conversation }) {
          const badge = part(cell, 'state');
          setText(badge, toWords(state));
          setAttribute(badge, 'data-state', state);
          // Where there is no room for a column of its own.
          setText(part(cell, 'sub code slim'), conversation);
        },
      },
      CALL_ID,
      AGENT,
      ORGANISATION,
      text('number rare', ({ turns }) => toCount(turns)),
      text('number', ({ startedAtMs }) => toClock(atMs - startedAtMs)),
      {
        className: 'log-only number',
        write(cell, item) {
          if (cell.firstElementChild !== null) return;
          const button = part(cell, '', 'button');
          button.type = 'button';
          button.textContent = 'Log…';
          button.setAttribute('aria-label', `Change the log level of call ${item.conversation}`);
          button.addEventListener('click', () => changeLevel(item));
        },
      },
    ],
    (row, { failures }) => {
      setAttribute(row, 'data-trouble', failures > 0 ? String(failures) : undefined);
      setAttribute(row, 'title', failures > 0 ? `${failures} answers in a row failed` : undefined);
    },
  );
}

const BREAKER_TONES = { closed: 'good', 'half-open': 'warn', open: 'bad' };

function renderBots({ bots }) {
  renderTable(byId('bots'), bots, ({ agent }) => agent, [
    AGENT,
    {
      write: (cell, { guard }) =>
        setBadge(
          cell,
          toWords(guard?.breaker ?? 'relayed'),
          BREAKER_TONES[guard?.breaker] ?? 'quiet',
        ),
    },
    text('number', ({ calls }) => toCount(calls)),
    {
      className: 'number',
      write(cell, { guard }) {
        setText(
          part(cell, 'name'),
          guard === undefined
            ? '–'
            : `${toCount(guard.inFlight)} / ${toCount(guard.maxConcurrent)}`,
        );
        if (guard !== undefined) setMeter(cell, guard.inFlight / guard.maxConcurrent);
      },
    },
  ]);
}

const WRITERS = { bytes: toBytes, milliseconds: toWait };

function renderLimits({ limits, organisations }) {
  const items = [
    ...limits,
    ...organisations.map(({ organisation, used, max }) => ({
      name: `calls of ${shorten(organisation)}`,
      id: organisation,
      used,
      max,
      unit: 'count',
    })),
  ];
  renderTable(byId('limits'), items, ({ name }) => name, [
    {
      write(cell, { name, id }) {
        setText(cell, toWords(name));
        setAttribute(cell, 'title', id);
      },
    },
    { className: 'axis', write: (cell, { used, max }) => setMeter(cell, used / max) },
    text('number', ({ used, max, unit }) => {
      const write = WRITERS[unit] ?? toCount;
      return `${write(used)} / ${write(max)}`;
    }),
  ]);
}

function renderCounts(id, counts, isGood) {
  renderTable(byId(id), counts, ({ name }) => name, [
    {
      write(cell, { name, recent }) {
        setBadge(
          cell,
          name === 'ok' ? 'accepted' : toWords(name),
          isGood(name) ? 'good' : recent > 0 ? 'bad' : 'quiet',
        );
        setAttribute(cell, 'title', name);
      },
    },
    text('number', ({ recent }) => toCount(recent)),
    text('number', ({ total }) => toCount(total)),
  ]);
}

function renderKeys({ keys, atMs }) {
  renderTable(byId('issuers'), keys.issuers, ({ issuer }) => issuer, [
    {
      write(cell, { issuer, isStale, keys: count }) {
        setText(part(cell, 'name'), URL.canParse(issuer) ? new URL(issuer).host : issuer);
        setText(part(cell, 'sub'), count === 0 ? 'missing' : isStale ? 'stale' : '');
        setAttribute(cell, 'title', issuer);
      },
    },
    text('number', ({ keys: count }) => toCount(count)),
    text('number', ({ ageMs }) => (ageMs === undefined ? 'never' : `${toSpan(ageMs)} ago`)),
  ]);
  setText(byId('replay-policy'), `policy ${keys.replayPolicy}`);
  renderTable(
    byId('generations'),
    keys.generations,
    (one) => `${one.organisation} ${one.dataSource}`,
    [
      {
        write(cell, { organisation, dataSource }) {
          const id = part(cell, 'code');
          writeId(id, organisation);
          setText(
            part(cell, 'sub'),
            URL.canParse(dataSource) ? new URL(dataSource).host : dataSource,
          );
        },
      },
      text('number', ({ sinceMs }) => toSpan(atMs - sinceMs)),
      text('number', ({ expiresAtMs }) =>
        expiresAtMs < atMs ? 'expired' : `in ${toSpan(expiresAtMs - atMs)}`,
      ),
      text('', ({ previousExpiresAtMs: untilMs }) =>
        untilMs === undefined
          ? 'none'
          : untilMs < atMs
            ? 'expired'
            : `until ${toSpan(untilMs - atMs)}`,
      ),
    ],
  );
}

function renderLevels({ logLevels, atMs }, { clearLevel }) {
  document.body.toggleAttribute('data-log-levels', logLevels !== undefined);
  renderTable(byId('levels'), logLevels ?? [], ({ id }) => id, [
    {
      write(cell, { scope }) {
        setText(part(cell, 'code'), shorten(scope.id));
        setText(part(cell, 'sub'), scope.type);
      },
    },
    { write: (cell, { level }) => setBadge(cell, level, 'quiet') },
    text('number', ({ untilMs }) => `${toClock(untilMs - atMs)} left`),
    {
      className: 'number',
      write(cell, { id, scope }) {
        if (cell.firstElementChild !== null) return;
        const button = part(cell, '', 'button');
        button.type = 'button';
        button.textContent = 'End';
        button.setAttribute('aria-label', `End the change for ${scope.type} ${shorten(scope.id)}`);
        button.addEventListener('click', () => clearLevel(id));
      },
    },
  ]);
}
