/** The catalogue of a bare server: as long as the gateway's. */
export const BARE_AGENTS = {
  virtual_agents: [{ virtual_agent_id: 'load', virtual_agent_name: 'Load', is_default: true }],
};

/** The messages with which a bare server answers a turn: the prompt whole, and the one that closes. */
export function bareAnswer(promptBytes: number): readonly object[] {
  return [
    { response_type: 'CHUNK', prompts: [{ audio_content: Buffer.alloc(promptBytes, 0x55) }] },
    { response_type: 'FINAL', prompts: [{ audio_content: Buffer.alloc(0) }] },
  ];
}
