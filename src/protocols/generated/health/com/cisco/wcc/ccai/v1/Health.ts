// Original file: proto/health/health.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { HealthCheckRequest as _com_cisco_wcc_ccai_v1_HealthCheckRequest, HealthCheckRequest__Output as _com_cisco_wcc_ccai_v1_HealthCheckRequest__Output } from '../../../../../com/cisco/wcc/ccai/v1/HealthCheckRequest.ts';
import type { HealthCheckResponse as _com_cisco_wcc_ccai_v1_HealthCheckResponse, HealthCheckResponse__Output as _com_cisco_wcc_ccai_v1_HealthCheckResponse__Output } from '../../../../../com/cisco/wcc/ccai/v1/HealthCheckResponse.ts';

export interface HealthDefinition {
  Check: MethodDefinition<_com_cisco_wcc_ccai_v1_HealthCheckRequest, _com_cisco_wcc_ccai_v1_HealthCheckResponse, _com_cisco_wcc_ccai_v1_HealthCheckRequest__Output, _com_cisco_wcc_ccai_v1_HealthCheckResponse__Output>
  Watch: MethodDefinition<_com_cisco_wcc_ccai_v1_HealthCheckRequest, _com_cisco_wcc_ccai_v1_HealthCheckResponse, _com_cisco_wcc_ccai_v1_HealthCheckRequest__Output, _com_cisco_wcc_ccai_v1_HealthCheckResponse__Output>
}
