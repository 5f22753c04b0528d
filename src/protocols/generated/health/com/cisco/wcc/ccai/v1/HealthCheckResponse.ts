// Original file: proto/health/health.proto


// Original file: proto/health/health.proto

export const _com_cisco_wcc_ccai_v1_HealthCheckResponse_ServingStatus = {
  UNKNOWN: 'UNKNOWN',
  SERVING: 'SERVING',
  NOT_SERVING: 'NOT_SERVING',
} as const;

export type _com_cisco_wcc_ccai_v1_HealthCheckResponse_ServingStatus =
  | 'UNKNOWN'
  | 0
  | 'SERVING'
  | 1
  | 'NOT_SERVING'
  | 2

export type _com_cisco_wcc_ccai_v1_HealthCheckResponse_ServingStatus__Output = typeof _com_cisco_wcc_ccai_v1_HealthCheckResponse_ServingStatus[keyof typeof _com_cisco_wcc_ccai_v1_HealthCheckResponse_ServingStatus]

export interface HealthCheckResponse {
  'status'?: (_com_cisco_wcc_ccai_v1_HealthCheckResponse_ServingStatus);
}

export interface HealthCheckResponse__Output {
  'status': (_com_cisco_wcc_ccai_v1_HealthCheckResponse_ServingStatus__Output);
}
