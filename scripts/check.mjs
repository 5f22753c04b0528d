// What must hold before a commit, all at once, in half a minute: npm run check. The tests of test/e2e, which start whole
// gateways and other programs, are part of npm test.
import { spawn } from 'node:child_process';

const CHECKS = ['format:check', 'lint', 'unused', 'test:rooms'];

/** Runs one npm script; its output is printed when it ends, so that outputs do not mix. */
function run(name) {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    child.on('close', (code) => {
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      process.stdout.write(
        `${code === 0 ? '' : output}${code === 0 ? '✓' : '✗'} ${name}  ${seconds} s\n`,
      );
      resolve(code === 0);
    });
  });
}

const results = await Promise.all(CHECKS.map(run));
process.exitCode = results.every(Boolean) ? 0 : 1;
