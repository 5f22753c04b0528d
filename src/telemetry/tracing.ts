import {
  ProxyTracerProvider,
  type Span,
  SpanStatusCode,
  context,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';

/** Attributes of spans and events: never a token, audio, digits or text of the caller. */
type TraceAttributes = Readonly<Record<string, string | number>>;

/** Headers that carry a trace to another service. @see W3C Trace Context */
export type TraceHeaders = Readonly<Record<string, string>>;

/** A span that somebody collects, or at least passes on. */
export interface TraceSpan {
  /** Starts a span within this one; times are in milliseconds since the epoch. */
  start(name: string, atMs: number, attributes: TraceAttributes): TraceSpan;
  event(name: string, atMs: number, attributes?: TraceAttributes): void;
  /** Ends it; with a code, as failed. */
  end(atMs: number, attributes: TraceAttributes, failure?: string): void;
  readonly headers: () => TraceHeaders;
}

/** Where spans come from. */
export interface Tracing {
  /** Whether somebody has set up OpenTelemetry in this process by now; without, there is nothing to start. */
  isSetUp(): boolean;
  /** Starts a trace; `undefined` when nobody has set up OpenTelemetry in this process. */
  start(name: string, atMs: number, attributes: TraceAttributes): TraceSpan | undefined;
}

/** Where spans come from while there is no SDK. */
const NOWHERE = new ProxyTracerProvider().getDelegate();

/** Creates the gate to OpenTelemetry. Without an SDK in the process a trace costs one call of its API. */
export function createTracing(): Tracing {
  const tracer = trace.getTracer('byova-gateway');
  const open = (
    name: string,
    atMs: number,
    attributes: TraceAttributes,
    parent: Span | undefined,
  ): Span => {
    const within =
      parent === undefined ? context.active() : trace.setSpan(context.active(), parent);
    return tracer.startSpan(name, { startTime: atMs, attributes }, within);
  };
  const wrap = (span: Span): TraceSpan => ({
    start: (name, atMs, attributes) => wrap(open(name, atMs, attributes, span)),
    event: (name, atMs, attributes) => void span.addEvent(name, attributes, atMs),
    end(atMs, attributes, failure) {
      span.setAttributes(attributes);
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end(atMs);
    },
    headers: () => toHeaders(span),
  });
  return {
    isSetUp() {
      const provider = trace.getTracerProvider();
      return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== NOWHERE;
    },
    start(name, atMs, attributes) {
      const span = open(name, atMs, attributes, undefined);
      return isSpanContextValid(span.spanContext()) ? wrap(span) : undefined;
    },
  };
}

function toHeaders(span: Span): TraceHeaders {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const flags = traceFlags.toString(16).padStart(2, '0');
  const state = traceState?.serialize() ?? '';
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    ...(state !== '' && { tracestate: state }),
  };
}
