import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';

/** A call as an interceptor meets it: below the stream objects that grpc-js makes for handlers. */
export type GrpcCall = ServerInterceptingCallInterface;

/** Serves one call; starts it. */
export type ServeCall = (call: GrpcCall) => void;

/**
 * Serves some methods without the stream objects that grpc-js makes for handlers, which cost more than a turn does
 * otherwise: an interceptor that never hands a call on. What grpc-js does of a call it still does: headers, deadlines,
 * message sizes, compression, cancellation, status. All other methods are served as usual.
 *
 * @param serving By path of the method.
 */
export function serveOwnCalls(serving: ReadonlyMap<string, ServeCall>): ServerInterceptor {
  return ({ path }, call) => {
    const serve = serving.get(path);
    return serve === undefined
      ? new ServerInterceptingCall(call)
      : new ServerInterceptingCall(call, { start: () => serve(call) });
  };
}
