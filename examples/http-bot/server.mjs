// A bot as a web service.  BYOVA_WEBHOOK_SECRET=… node server.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.BYOVA_WEBHOOK_SECRET ?? '';
if (secret.length < 16) throw new Error('set BYOVA_WEBHOOK_SECRET to at least 16 characters');

const MENU = { say: 'Press 1 to count, 2 for a human.', digits: { maxLength: 1 } };

function answer({ input, state }) {
  if (input.type === 'end') return {};
  if (input.type !== 'digits') return MENU;
  if (input.digits === '2') return { say: 'One moment, please.', transfer: true };
  const count = (state?.count ?? 0) + 1;
  return { ...MENU, say: `You pressed a key ${count} times.`, state: { count } };
}

function isSigned(headers, body) {
  const time = headers['x-byova-timestamp'] ?? '';
  const expected = `v1=${createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex')}`;
  const given = Buffer.from(headers['x-byova-signature'] ?? '');
  const isFresh = Math.abs(Date.now() / 1000 - Number(time)) < 300;
  return isFresh && given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  if (!isSigned(request.headers, body)) return response.writeHead(401).end();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer(JSON.parse(body))));
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
