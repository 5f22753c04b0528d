import { createRequire } from 'node:module';

/** The version of this package. Its own file lies above the sources and above the compiled code alike. */
export function readBuildVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as {
    readonly version: string;
  };
  return version;
}
