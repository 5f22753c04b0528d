import { GatewayError } from '../core/gateway-error.ts';
import type { BidiHandler, UnaryHandler } from '../protocols/rpc.ts';

/** Makes of a unary RPC what it is on the wire: a streaming one with a message each way. */
export function toBidi<Request>(handler: UnaryHandler<Request>): BidiHandler<Request> {
  return (context, responses) => {
    let request: Request | undefined;
    return {
      message(message) {
        if (request !== undefined)
          throw new GatewayError('ERR_PROTOCOL_INPUT_MISSING', 'one message was to come, not two');
        request = message;
      },
      halfClose() {
        if (request === undefined)
          throw new GatewayError('ERR_PROTOCOL_INPUT_MISSING', 'the RPC brought no message');
        responses.write(handler(context, request));
        responses.complete();
      },
      closed: () => undefined,
    };
  };
}
