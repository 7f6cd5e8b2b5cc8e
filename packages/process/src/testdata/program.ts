import { defineFlags, stringFlag } from '../flags.ts';
import { program, UsageError } from '../program.ts';

const flags = defineFlags({ mode: stringFlag({ group: 'generic', help: 'What to do.' }) });

await program(
  'test-program',
  flags,
  async ({ flags: { mode }, log, signal }) => {
    if (mode === 'usage') throw new UsageError('this cannot be done');
    if (mode === 'fail') throw new Error('broken');
    if (mode === 'debug') log.debug({ at: 1 }, 'detail');
    if (mode === 'uncaught') {
      setImmediate(() => {
        throw new Error('broken');
      });
      await new Promise(() => {});
    }
    if (mode === 'wait') {
      const keepAlive = setInterval(() => {}, 1000);
      process.stdout.write('waiting\n');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      clearInterval(keepAlive);
      process.stdout.write('cleaned up\n');
    }
  },
  { description: 'Does things.' },
);
