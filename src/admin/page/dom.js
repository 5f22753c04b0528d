// Keeps the page like the state without making it anew, so that focus, selection and scrolling stay where they are.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** Writes a text unless it is there already. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute, or takes it away when the value is undefined. */
export function setAttribute(node, name, value) {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** The child of `node` with this class, made when it is missing. */
export function part(node, className, tag = 'span') {
  for (const child of node.children) if (child.className === className) return child;
  const made = document.createElement(tag);
  made.className = className;
  node.append(made);
  return made;
}

/** A badge in a cell: words, and a tone that says the same. */
export function setBadge(node, text, tone) {
  const badge = part(node, 'badge');
  setText(badge, text);
  setAttribute(badge, 'data-tone', tone);
}

/** A name, and below it how log and traces call the same where these hold pseudonyms. */
export function setNames(node, name, loggedAs) {
  if (loggedAs === undefined) return setText(node, name);
  setText(part(node, 'name'), name);
  return setText(part(node, 'sub code'), loggedAs);
}

/** The column that says which call it is. */
export const CALL_ID = {
  className: 'code rare',
  write: (cell, { conversation, loggedAs }) => setNames(cell, conversation, loggedAs?.conversation),
};

/** A bar that is `share` full, for the eye; the numbers stand beside it. */
export function setMeter(node, share) {
  const meter = part(node, 'meter');
  setAttribute(meter, 'aria-hidden', 'true');
  setAttribute(meter, 'data-tone', share >= 0.95 ? 'bad' : share >= 0.8 ? 'warn' : undefined);
  const filled = meter.firstElementChild ?? meter.appendChild(document.createElement('span'));
  filled.style.setProperty('--filled', `${Math.min(100, share * 100).toFixed(1)}%`);
}

/**
 * Makes the rows of a table those of `items`, in their order.
 *
 * @param columns For each column its class and how a cell is written; the first is the header of its row.
 */
export function renderTable(table, items, keyOf, columns, updateRow = () => undefined) {
  const body = table.tBodies[0];
  const keys = new Set(items.map((item) => String(keyOf(item))));
  // First, so that rows which stay need not be moved: what is moved loses the focus.
  const rows = Array.from(body.rows);
  for (const row of rows) if (!keys.has(row.dataset.key)) row.remove();
  const known = new Map(rows.map((row) => [row.dataset.key, row]));
  let next = body.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const row = known.get(key) ?? makeRow(key, columns);
    if (row === next) next = next.nextElementSibling;
    else body.insertBefore(row, next);
    columns.forEach(({ write }, index) => write(row.cells[index], item));
    updateRow(row, item);
  }
  table.hidden = items.length === 0;
  // A table's sentence for when it is empty stands behind it.
  const empty = (table.closest('.scroll') ?? table).nextElementSibling;
  if (empty?.classList.contains('empty')) empty.hidden = items.length > 0;
}

function makeRow(key, columns) {
  const row = document.createElement('tr');
  row.dataset.key = key;
  columns.forEach(({ className = '' }) => {
    row.insertCell().className = className;
  });
  return row;
}

/** A column of plain texts. */
export const text = (className, of) => ({
  className,
  write: (cell, item) => setText(cell, of(item)),
});
