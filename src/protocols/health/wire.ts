import type { HealthDefinition } from '../generated/health/com/cisco/wcc/ccai/v1/Health.ts';
import { createServiceLoader, type ServiceOf } from '../service-loader.ts';
import { HEALTH_SERVICE } from './schema.ts';

/** The service as proto-loader defines it: `Check` and `Watch`. */
export type HealthService = ServiceOf<HealthDefinition>;

/** Loads the service definition; the first call reads `proto/health`. */
export const loadHealth: () => HealthService = createServiceLoader<HealthDefinition>(
  'health',
  'health.proto',
  HEALTH_SERVICE,
);
