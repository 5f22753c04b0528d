import type { ListVAResponse__Output } from '../protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/ListVAResponse.ts';
import { type ContractRule, type ContractViolation, toViolation } from './contract-rules.ts';
import type { RpcStatus } from './rpc-status.ts';

/** A virtual agent as the author of a flow sees it. */
interface ListedAgent {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The answer to ListVirtualAgents; without agents unless the status is OK. */
export interface Listing {
  readonly status: RpcStatus;
  readonly agents: readonly ListedAgent[];
  readonly violations: readonly ContractViolation[];
}

/** Converts and checks the answer to ListVirtualAgents. @see protocol.md section 9, check 99 */
export function toListing(
  status: RpcStatus,
  response: ListVAResponse__Output | undefined,
): Listing {
  const agents = (response?.virtual_agents ?? []).map((agent) => ({
    id: agent.virtual_agent_id,
    name: agent.virtual_agent_name,
    isDefault: agent.is_default,
    attributes: agent.attributes,
  }));
  return { status, agents, violations: checkAgents(agents).map((rule) => toViolation(rule, 1, 1)) };
}

function checkAgents(agents: readonly ListedAgent[]): ContractRule[] {
  const rules: ContractRule[] = [];
  if (new Set(agents.map(({ id }) => id)).size < agents.length) rules.push('unique-ids');
  if (agents.some(({ id, name }) => id === '' || name === '')) rules.push('named-agents');
  if (agents.filter(({ isDefault }) => isDefault).length > 1) rules.push('one-default');
  return rules;
}
