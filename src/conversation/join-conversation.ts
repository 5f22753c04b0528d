import { GatewayError } from '../core/gateway-error.ts';
import type { TurnMessage } from './caller-input.ts';
import { type Conversation, MAX_OPEN_TURNS, type OpenTurn } from './conversation.ts';
import type { ConversationDirectory } from './directory.ts';
import type { Principal } from './principal.ts';

/** A UUID in real calls. Ids outlive their calls in a memory that counts them, so each must be small. */
const MAX_ID_LENGTH = 256;

/** Whether a text can name a conversation. */
export function isConversationId({ length }: string): boolean {
  return length > 0 && length <= MAX_ID_LENGTH;
}

/**
 * Adds an RPC to the conversation that its first message names.
 *
 * @returns `undefined` when the call has ended and the message does not start it anew.
 * @throws {GatewayError} `ERR_CONVERSATION_ID_MISSING`, `ERR_CONVERSATION_CAPACITY`, or what the directory refuses with.
 */
export function joinConversation(
  directory: Pick<ConversationDirectory, 'enter'>,
  principal: Principal,
  message: TurnMessage,
  turn: OpenTurn,
): Conversation | undefined {
  const { conversationId } = message;
  if (!isConversationId(conversationId))
    throw new GatewayError(
      'ERR_CONVERSATION_ID_MISSING',
      conversationId === '' ? 'conversation_id is empty' : 'conversation_id is too long',
    );
  const conversation = directory.enter(principal, message);
  if (conversation === undefined) return undefined;
  // A caller who hangs up needs no room.
  if (conversation.openTurns.size >= MAX_OPEN_TURNS && message.input.type !== 'session-end')
    throw new GatewayError('ERR_CONVERSATION_CAPACITY', 'too many open streams for one call');
  conversation.openTurns.add(turn);
  return conversation;
}
