// A stand-in for the model, to try the bot without an account: it says back what it hears.  node model.mjs
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3001) });

server.on('connection', (socket) => {
  let lastId = 0;
  let heard = [];
  let answer = '';
  const send = (event) => socket.send(JSON.stringify({ event_id: `event_${++lastId}`, ...event }));

  function respond() {
    const id = `resp_${++lastId}`;
    const part = { response_id: id, item_id: `item_${id}`, output_index: 0, content_index: 0 };
    send({ type: 'response.created', response: { id, status: 'in_progress' } });
    if (answer !== '') {
      send({ type: 'response.output_audio_transcript.delta', ...part, delta: 'What you said.' });
      send({ type: 'response.output_audio.delta', ...part, delta: answer });
    }
    answer = '';
    send({ type: 'response.done', response: { id, status: 'completed' } });
  }

  send({ type: 'session.created', session: {} });
  socket.on('message', (data) => {
    const event = JSON.parse(String(data));
    if (event.type === 'session.update') send({ type: 'session.updated', session: event.session });
    else if (event.type === 'input_audio_buffer.append') heard.push(Buffer.from(event.audio, 'base64'));
    else if (event.type === 'input_audio_buffer.clear') heard = [];
    else if (event.type === 'input_audio_buffer.commit') {
      answer = Buffer.concat(heard).toString('base64');
      heard = [];
    } else if (event.type === 'response.create') respond();
  });
});
server.on('listening', () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
