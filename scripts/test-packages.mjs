/** Installs the Debian packages that only tests need, where they are missing. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDebianPackages, missingTestPackages } from './bootstrap/debian.mjs';
import { SetupError } from './bootstrap/step.mjs';

const packages = missingTestPackages();
try {
  if (packages.length > 0) {
    await installDebianPackages(join(dirname(fileURLToPath(import.meta.url)), '..'), packages);
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
