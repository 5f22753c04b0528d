import type { MultiMediaDefinition } from '../generated/media-intelligence/com/cisco/wcc/ccai/media/v1/MultiMedia.ts';
import { createServiceLoader, type ServiceOf } from '../service-loader.ts';
import { MULTI_MEDIA_SERVICE } from './schema.ts';

/** The service as proto-loader defines it: `StreamControl` and `StreamMedia`. */
export type MultiMediaService = ServiceOf<MultiMediaDefinition>;

/** Loads the service definition; the first call reads `proto/media-intelligence`. */
export const loadMultiMedia: () => MultiMediaService = createServiceLoader<MultiMediaDefinition>(
  'media-intelligence',
  'multimedia.proto',
  MULTI_MEDIA_SERVICE,
);
