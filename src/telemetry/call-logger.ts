import type { LogFields, Logger } from '../core/logger.ts';

/** The identity that a bot's lines carry. */
export interface CallIdentity {
  readonly organisationId: string;
  readonly conversationId: string;
}

/** What a bot logs with: every line names the call. One small object a call, hence a class; it makes nothing until it is used. */
export class CallLogger implements Logger {
  readonly #logger: Logger;
  readonly #identity: CallIdentity;

  constructor(logger: Logger, identity: CallIdentity) {
    this.#logger = logger;
    this.#identity = identity;
  }

  debug(fields: LogFields, message: string): void {
    this.#logger.debug(this.#with(fields), message);
  }
  info(fields: LogFields, message: string): void {
    this.#logger.info(this.#with(fields), message);
  }
  warn(fields: LogFields, message: string): void {
    this.#logger.warn(this.#with(fields), message);
  }
  error(fields: LogFields, message: string): void {
    this.#logger.error(this.#with(fields), message);
  }

  #with(fields: LogFields): LogFields {
    const { conversationId: conversation, organisationId: organisation } = this.#identity;
    return { ...fields, conversation, organisation };
  }
}
