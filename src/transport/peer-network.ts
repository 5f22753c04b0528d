/** Groups of 16 bits of an IPv6 address that one customer of a network is usually given whole. */
const NETWORK_GROUPS = 4;

/**
 * The network of a peer: its IPv4 address, or the first 64 bits of its IPv6 address, of which one host has the rest.
 *
 * @param peer Address with or without a port, as grpc-js joins them: `192.0.2.1:4711`, `2001:db8::1:4711`.
 */
export function networkOf(peer: string): string {
  const address = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)/iu.exec(peer)?.[1];
  if (address !== undefined || !peer.includes(':')) return address ?? peer;
  // The port is cut off by looking at the front only.
  const [front = '', back] = peer.split('::', 2);
  const groups = front === '' ? [] : front.split(':');
  if (back !== undefined) while (groups.length < NETWORK_GROUPS) groups.push('0');
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
