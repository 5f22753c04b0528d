/** Full name of Cisco's health service; no schema, and no token, belongs to it (protocol.md section 1.7). */
export const HEALTH_SERVICE = 'com.cisco.wcc.ccai.v1.Health';

/** HTTP/2 path of the state now, a unary call. */
export const HEALTH_CHECK_PATH = `/${HEALTH_SERVICE}/Check`;

/** HTTP/2 path of the state as it changes, a server stream. */
export const HEALTH_WATCH_PATH = `/${HEALTH_SERVICE}/Watch`;
