/** Tag of `virtual_agent_id` in `VoiceVARequest`: field 3, delimited. */
const VIRTUAL_AGENT_ID_TAG = 0x1a;

/**
 * Makes a function that gives a `VoiceVARequest` another `virtual_agent_id`. Every other byte stays as it is: the new id is
 * put at the end, and of a field that stands twice the last one counts.
 *
 * @param agentId At most 127 bytes long in UTF-8. `undefined`: the message is returned as it is.
 * @see The protobuf encoding, "Last One Wins"
 */
export function createAgentRenamer(agentId: string | undefined): (request: Buffer) => Buffer {
  if (agentId === undefined) return (request) => request;
  const id = Buffer.from(agentId);
  const field = Buffer.concat([Buffer.of(VIRTUAL_AGENT_ID_TAG, id.length), id]);
  return (request) => Buffer.concat([request, field]);
}
