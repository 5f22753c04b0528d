import { randomBytes } from 'node:crypto';

import {
  type Attributes,
  type Context,
  type Span,
  type SpanOptions,
  type TimeInput,
  TraceFlags,
  trace,
} from '@opentelemetry/api';

/** A span as it was told. */
export interface RecordedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Attributes;
  readonly events: string[];
  readonly eventAttributes: unknown[];
  readonly status: string[];
  isEnded: boolean;
}

/** The least that the API takes for an SDK; what it is told is kept. One at a time in the process, until `stop`. */
export function recordSpans() {
  const recorded: RecordedSpan[] = [];
  const startSpan = (name: string, options: SpanOptions = {}, within?: Context): Span => {
    const parent = within && trace.getSpanContext(within);
    const told: RecordedSpan = {
      name,
      traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      parentId: parent?.spanId,
      attributes: { ...options.attributes },
      events: [],
      eventAttributes: [],
      status: [],
      isEnded: false,
    };
    recorded.push(told);
    const span: Span = {
      spanContext: () => ({ ...told, traceFlags: TraceFlags.SAMPLED }),
      setAttribute: () => span,
      setAttributes(attributes) {
        Object.assign(told.attributes, attributes);
        return span;
      },
      addEvent(event: string, attributes?: Attributes | TimeInput) {
        told.events.push(event);
        told.eventAttributes.push(attributes);
        return span;
      },
      addLink: () => span,
      addLinks: () => span,
      setStatus({ message = '' }) {
        told.status.push(message);
        return span;
      },
      updateName: () => span,
      end: () => void (told.isEnded = true),
      isRecording: () => true,
      recordException: () => undefined,
    };
    return span;
  };
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan,
      startActiveSpan: () => {
        throw new TypeError('nobody does that');
      },
    }),
  });
  return { recorded, stop: () => trace.disable() };
}
