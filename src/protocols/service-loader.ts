import { fileURLToPath } from 'node:url';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';

// `src/protocols` and `dist/protocols` lie equally deep, so one path serves both.
const PROTO_DIR = fileURLToPath(new URL('../../proto/', import.meta.url));

/**
 * What decoded messages look like: field names as in the proto, 64-bit integers as decimal strings (a number loses
 * precision beyond 2^53), enum values by name (one that is unknown stays a number), every absent field with its
 * default, and the name of the member that is set for each oneof.
 */
const LOAD_OPTIONS: Options = {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
};

/** A service definition of proto-loader, typed by the generated `Definition` of the same service. */
export type ServiceOf<Definition> = { readonly [Method in keyof Definition]: Definition[Method] };

/**
 * Loads a folder's proto file, with what it imports, in a root of its own.
 *
 * A root a folder is a must: media forking and media intelligence declare the same names in one package (protocol.md
 * section 1.2).
 *
 * @param folder Folder under `proto/`.
 * @param file The file in it that declares the service.
 */
export function loadPackage(folder: string, file: string): PackageDefinition {
  return loadSync(file, { ...LOAD_OPTIONS, includeDirs: [`${PROTO_DIR}${folder}`] });
}

/**
 * Creates a function that loads a service definition when it is first called, and returns the same one ever after.
 *
 * @param serviceName Full name of the service, package included.
 */
export function createServiceLoader<Definition>(
  folder: string,
  file: string,
  serviceName: string,
): () => ServiceOf<Definition> {
  let service: ServiceOf<Definition> | undefined;
  // The types are generated from the very file that is loaded here; a test keeps them current.
  return () => (service ??= loadPackage(folder, file)[serviceName] as ServiceOf<Definition>);
}
