import {
  type ServerWritableStream,
  type UntypedServiceImplementation,
  type handleServerStreamingCall,
  type handleUnaryCall,
  status as Status,
} from '@grpc/grpc-js';

/** What a health service answers. */
export type ServingStatus = 'SERVING' | 'NOT_SERVING';

interface HealthRequest {
  readonly service: string;
}
interface HealthAnswer {
  readonly status: ServingStatus | 'UNKNOWN' | 'SERVICE_UNKNOWN';
}

/** Most `Watch` streams at once; they need no credential, so they must not be free. */
const MAX_WATCHERS = 1_000;

/** Health of the gateway, told in the dialect of each health service. */
export interface HealthReporter {
  /**
   * The handlers of one health service.
   *
   * @param unknownService What `Watch` answers for a service that is not here.
   */
  handlers(unknownService: 'UNKNOWN' | 'SERVICE_UNKNOWN'): UntypedServiceImplementation;
  /** Changes the health of every service and tells who watches. */
  set(status: ServingStatus): void;
  /** Ends every `Watch`, which would otherwise hold its connection open. */
  endWatches(): void;
}

/**
 * Creates the reporter. grpc-health-check's own implementation keeps an entry for every name that anybody ever watched,
 * so only its service definition is used.
 *
 * @param services Names that are served, the empty name for the whole server included.
 */
export function createHealthReporter(services: ReadonlySet<string>): HealthReporter {
  let current: ServingStatus = 'NOT_SERVING';
  /** Each with whether its service is served; the others hold a stream open as well. */
  const watchers = new Map<ServerWritableStream<HealthRequest, HealthAnswer>, boolean>();

  const check: handleUnaryCall<HealthRequest, HealthAnswer> = (call, callback) => {
    if (services.has(call.request.service)) callback(null, { status: current });
    else callback({ code: Status.NOT_FOUND, details: 'unknown service' });
  };
  const watchAs =
    (
      unknownService: 'UNKNOWN' | 'SERVICE_UNKNOWN',
    ): handleServerStreamingCall<HealthRequest, HealthAnswer> =>
    (call) => {
      if (watchers.size >= MAX_WATCHERS) {
        call.emit('error', { code: Status.RESOURCE_EXHAUSTED, details: 'too many watchers' });
        return;
      }
      const isKnown = services.has(call.request.service);
      call.write({ status: isKnown ? current : unknownService });
      watchers.set(call, isKnown);
      call.on('cancelled', () => watchers.delete(call));
      call.on('close', () => watchers.delete(call));
    };
  return {
    handlers: (unknownService) => ({ Check: check, Watch: watchAs(unknownService) }),
    set(status) {
      if (status === current) return;
      current = status;
      for (const [watcher, isKnown] of watchers) if (isKnown) watcher.write({ status });
    },
    endWatches() {
      for (const watcher of watchers.keys()) watcher.end();
      watchers.clear();
    },
  };
}
