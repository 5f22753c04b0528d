/**
 * What a thread is started with to run the module `name` beside `here`.
 *
 * Built code runs as it is; source, in tests and development, needs a loader. `--import tsx` does not reach threads on
 * Node.js 20.
 *
 * @param here `import.meta.url` of the caller.
 * @param name The module's name without an extension.
 */
export function toWorkerModule(name: string, here: string): URL {
  if (!here.endsWith('.ts')) return new URL(`${name}.js`, here);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const module = JSON.stringify(new URL(`${name}.ts`, here).href);
  const code = `import { register } from ${loader}; register(); await import(${module});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
