import { afterEach, expect, it } from '@jest/globals';
import { changeVerbosity, logger, setVerbosity } from './log.ts';

afterEach(() => setVerbosity(0));

it('another verbosity is that of loggers made before too', () => {
  const log = logger('test');
  expect(log.level).toBe('info');
  expect(changeVerbosity('4')).toBe('successfully set klog.logging.verbosity to 4');
  expect([log.level, logger('later').level]).toEqual(['debug', 'debug']);
});
