import { age, column, named, text } from '../../columns.ts';
import { validateInlineVolume } from '../../core/v1/persistentvolume-validation.ts';
import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, forbidden, invalid, malformed, type Path, required, tooLong } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { inclusiveRangeError, isDns1123Subdomain } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';

const maxMetadataBytes = 256 * 1024;
const maxMessageBytes = 1024;

/** The wish that a volume be attached to a node, and whether it is. */
export const volumeAttachment = defineKind<VolumeAttachment>('storage/v1', {
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  allowUnconditionalUpdate: false,
  hasGeneration: false,
  subresources: { status: true },
  statusKeeps: 'all',
  defaults(it) {
    it.status ??= { attached: false };
    it.status.attached ??= false;
  },
  prepareForCreate(it) {
    it.status = { attached: false };
  },
  validate,
  validateCreate(it, at) {
    const { attacher, source } = it.spec;
    const name = source?.persistentVolumeName;
    return [
      ...validateCsiDriverName(attacher ?? '', at.child('spec.attacher')),
      ...(name === undefined ? [] : malformed(at.child('spec.source.persistentVolumeName'), name, isDns1123Subdomain)),
    ];
  },
  validateUpdate,
  validateStatusUpdate: (it, old, at) => [...validate(it, at), ...validateUpdate(it, old, at)],
  columns: [
    named(text('Attacher', (it) => it.spec.attacher, 'The driver that attaches it.')),
    text('PV', (it) => it.spec.source.persistentVolumeName ?? '', 'The volume.'),
    text('Node', (it) => it.spec.nodeName, 'The node it is to be attached to.'),
    column('Attached', 'boolean', (it) => it.status?.attached ?? false, 'Whether it is.'),
    age,
  ],
});

function validate({ spec, status }: VolumeAttachment, at: Path): FieldError[] {
  const path = at.child('spec');
  const { attachmentMetadata = {}, attachError, detachError } = status ?? {};
  const size = Object.entries(attachmentMetadata).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  const report = at.child('status');
  return [
    ...(spec.attacher ? [] : [required(path.child('attacher'))]),
    ...validateSource(spec.source ?? {}, path.child('source')),
    ...malformed(path.child('nodeName'), spec.nodeName ?? '', isDns1123Subdomain),
    ...(size > maxMetadataBytes ? [tooLong(report.child('attachmentMetadata'), maxMetadataBytes)] : []),
    ...validateVolumeError(attachError, report.child('attachError')),
    ...validateVolumeError(detachError, report.child('detachError')),
  ];
}

function validateSource(
  { inlineVolumeSpec, persistentVolumeName: name }: VolumeAttachmentSource,
  at: Path,
): FieldError[] {
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec && name !== undefined) return [forbidden(at, one)];
  if (inlineVolumeSpec) return validateInlineVolume(inlineVolumeSpec, at.child('inlineVolumeSpec'));
  if (name === undefined) return [required(at, one)];
  return name === '' ? [required(at.child('persistentVolumeName'), 'must specify non empty persistentVolumeName')] : [];
}

function validateVolumeError(error: VolumeError | undefined, at: Path): FieldError[] {
  const { message = '', errorCode = 0 } = error ?? {};
  return [
    // Upstream's text names the limit of the metadata here.
    ...(Buffer.byteLength(message) > maxMessageBytes ? [tooLong(at.child('message'), maxMetadataBytes)] : []),
    ...(errorCode < 0 ? [invalid(at.child('errorCode'), errorCode, inclusiveRangeError(0, 2_147_483_647))] : []),
  ];
}

function validateUpdate({ spec }: VolumeAttachment, old: VolumeAttachment, at: Path): FieldError[] {
  if (deepEqual(spec, old.spec)) return [];
  return [invalid(at.child('spec'), goForm('storage/v1.VolumeAttachmentSpec', spec), 'field is immutable')];
}
