import type { AppArmorProfile, SeccompProfile, WindowsSecurityContextOptions } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, notSupported, type Path, required, tooLong } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { validateDescendingPath } from './volume-source-validation.ts';

/* The parts that security contexts of pods and of containers have in common. */

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const maxAppArmorBytes = 4095;
const maxCredentialSpecBytes = 64 * 1024;

/** Errors of a seccomp profile (KEP-135). */
export function validateSeccomp(profile: SeccompProfile | undefined, at: Path): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile: file } = profile;
  const errors: FieldError[] = [];
  const path = at.child('localhostProfile');
  if (!type) errors.push(required(at.child('type'), 'type is required when seccompProfile is set'));
  else if (!profileTypes.includes(type)) errors.push(notSupported(at.child('type'), type, profileTypes));
  if (type === 'Localhost') {
    if (file === undefined) errors.push(required(path, 'must be set when seccomp type is Localhost'));
    else append(errors, validateDescendingPath(file, path));
  } else if (file !== undefined) {
    const shown = goForm('core/v1.SeccompProfile', profile);
    errors.push(invalid(path, shown, 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

/** Errors of an AppArmor profile (KEP-24). */
export function validateAppArmor(profile: AppArmorProfile | undefined, at: Path): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile: name } = profile;
  const path = at.child('localhostProfile');
  if (!type) return [required(at.child('type'), 'type is required when appArmorProfile is set')];
  if (!profileTypes.includes(type)) return [notSupported(at.child('type'), type, profileTypes)];
  if (type !== 'Localhost')
    return name === undefined ? [] : [invalid(path, name, 'can only be set when AppArmor type is Localhost')];
  if (name === undefined) return [required(path, 'must be set when AppArmor type is Localhost')];
  const errors: FieldError[] = [];
  if (name.trim() !== name) errors.push(invalid(path, name, 'must not be padded with whitespace'));
  else if (name === '') errors.push(required(path, 'must be set when AppArmor type is Localhost'));
  if (Buffer.byteLength(name) > maxAppArmorBytes) errors.push(tooLong(path, maxAppArmorBytes));
  return errors;
}

/** Errors of what containers on Windows run as. */
export function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, at: Path): FieldError[] {
  if (!options) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const errors: FieldError[] = [];
  if (name !== undefined) {
    for (const message of isDns1123Subdomain(name))
      errors.push(invalid(at.child('gmsaCredentialSpecName'), name, message));
  }
  if (spec === '')
    errors.push(invalid(at.child('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec cannot be an empty string'));
  else if (spec !== undefined && Buffer.byteLength(spec) > maxCredentialSpecBytes)
    errors.push(invalid(at.child('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec size must be under 64 KiB'));
  if (user !== undefined) {
    for (const problem of userNameProblems(user))
      errors.push(invalid(at.child('runAsUserName'), user, `runAsUserName${problem}`));
  }
  return errors;
}

/** What is wrong with `DOMAIN\user`, by the rules of Windows for the names of both. */
function userNameProblems(name: string): string[] {
  if (name === '') return [' cannot be an empty string'];
  if (/[\u0000-\u001f\u007f]+/.test(name)) return [' cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return [' cannot contain more than one backslash'];
  const problems: string[] = [];
  const user = parts.at(-1)!;
  if (parts.length === 2) {
    const domain = parts[0]!;
    if (Buffer.byteLength(domain) >= 256) problems.push("'s Domain length must be under 256 characters");
    const netBios = /^[^\\/:*?"<>|.]{1}[^\\/:*?"<>|]{0,14}$/.test(domain);
    const dns = /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/.test(domain);
    if (!netBios && !dns) problems.push("'s Domain doesn't match the NetBios nor the DNS format");
  }
  const length = Buffer.byteLength(user);
  if (length === 0) problems.push("'s User cannot be empty");
  else if (length > 104) problems.push("'s User length must not be longer than 104 characters");
  if (length > 0 && /^[. ]+$/.test(user)) problems.push("'s User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    problems.push(`'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  return problems;
}
