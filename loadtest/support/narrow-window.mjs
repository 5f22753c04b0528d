// Loaded into a gateway that is to show what it would be without: leaves the window of each connection as wide as grpc-js does, 64 KB.
import http2 from 'node:http2';

const { createServer } = http2;
http2.createServer = (...args) => {
  const server = createServer(...args);
  server.on('session', (session) => {
    session.setLocalWindowSize = () => undefined;
  });
  return server;
};
