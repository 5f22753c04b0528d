import { clearLevel, drain, follow, readSession, setLevel, signIn, signOut } from './api.js';
import { byId, setAttribute, setText } from './dom.js';
import { toTime } from './format.js';
import { renderState } from './panels.js';

let latest;
let stopFollowing;

/** Said to those who do not see the page; for what matters and is rare, never for calls. */
function announce(words) {
  setText(byId('announcement'), words);
}

/** Does something on an event of an element; what goes wrong is said. */
function on(id, type, action) {
  byId(id).addEventListener(type, (event) => {
    Promise.resolve(action(event)).catch(() => announce('That did not work.'));
  });
}

function showView(view) {
  document.body.dataset.view = view;
}

function setConnection(words, tone) {
  setText(byId('connection'), words);
  setAttribute(byId('connection'), 'data-tone', tone);
  document.body.toggleAttribute('data-stale', tone === 'warn');
}

function onState(state) {
  const before = latest?.readiness;
  latest = state;
  renderState(state, { changeLevel: askForLevel, clearLevel: endLevel });
  if (document.body.hasAttribute('data-stale')) announce('Connected again.');
  setConnection('live', 'good');
  showView('dashboard');
  if (before !== undefined && before.isReady !== state.readiness.isReady)
    announce(
      state.readiness.isReady
        ? 'The gateway is ready.'
        : `The gateway is ${state.readiness.state}, and not ready.`,
    );
}

async function onBreak() {
  if (latest !== undefined && !document.body.hasAttribute('data-stale'))
    announce('The connection to the gateway is lost.');
  setConnection(latest === undefined ? 'connecting' : `lost, as of ${toTime(latest.atMs)}`, 'warn');
  if ((await readSession()) === 'none') leave();
}

function enter() {
  showView('dashboard');
  stopFollowing?.();
  stopFollowing = follow(onState, onBreak);
}

function leave() {
  stopFollowing?.();
  stopFollowing = undefined;
  latest = undefined;
  showView('sign-in');
  byId('token').focus();
}

on('sign-in', 'submit', async (event) => {
  event.preventDefault();
  const field = byId('token');
  setText(byId('token-error'), '');
  const { status } = await signIn(field.value).catch(() => ({ status: 0 }));
  if (status === 204) {
    field.value = '';
    field.removeAttribute('aria-invalid');
    enter();
    byId('main').focus();
    return;
  }
  field.setAttribute('aria-invalid', 'true');
  setText(
    byId('token-error'),
    status === 403 ? 'This is not the token.' : 'The gateway does not answer as expected.',
  );
  field.select();
});

on('sign-out', 'click', async () => {
  await signOut().catch(() => undefined);
  leave();
});

on('drain', 'click', () => {
  const total = latest?.calls.total ?? 0;
  setText(
    byId('drain-calls'),
    total === 1 ? 'One call is under way.' : `${total} calls are under way.`,
  );
  byId('drain-dialog').showModal();
});
on('drain-dialog', 'close', async ({ target }) => {
  if (target.returnValue !== 'drain') return;
  target.returnValue = '';
  const { status } = await drain().catch(() => ({ status: 0 }));
  announce(
    status === 202 ? 'The gateway is draining.' : 'The gateway could not be asked to drain.',
  );
});

let levelCall;

/** Asks which level, for a call or, without one, for an organisation. */
function askForLevel(call) {
  levelCall = call?.call;
  setText(
    byId('level-scope'),
    call === undefined
      ? 'For every call of one organisation, at this gateway.'
      : `For call ${call.conversation} of agent ${call.agent}.`,
  );
  byId('level-organisation').hidden = call !== undefined;
  byId('organisation').required = call === undefined;
  byId('organisation').disabled = call !== undefined;
  byId('level-dialog').showModal();
}
on('add-level', 'click', () => askForLevel(undefined));
on('level-dialog', 'close', async ({ target }) => {
  if (target.returnValue !== 'set') return;
  target.returnValue = '';
  const fields = byId('level-form').elements;
  const scope =
    levelCall === undefined ? { organization: fields.organization.value } : { call: levelCall };
  const change = {
    ...scope,
    level: fields.level.value,
    forSeconds: Number(fields.forSeconds.value),
  };
  const { status, body } = await setLevel(change).catch(() => ({ status: 0 }));
  announce(
    status === 201
      ? 'The log level is changed.'
      : `The log level was not changed: ${body?.error ?? 'no answer'}.`,
  );
});

async function endLevel(id) {
  const { status } = await clearLevel(id).catch(() => ({ status: 0 }));
  announce(
    status === 204 ? 'The log level is as configured again.' : 'The change could not be ended.',
  );
}

// Nobody looks: nothing is sent.
document.addEventListener('visibilitychange', () => {
  if (document.body.dataset.view !== 'dashboard') return;
  if (document.hidden) stopFollowing?.();
  else enter();
});

const session = await readSession();
if (session === 'open') enter();
else if (session === 'impossible') showView('setup');
else leave();
