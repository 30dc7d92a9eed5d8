import { ApiError, refused } from '../api-error.ts'
import type { Place, World } from '../world.ts'
import type { Action } from './action.ts'
import { copyImage } from './copy-image.ts'
import { deleteSnapshot } from './delete-snapshot.ts'
import { disableImageDeprecation, enableImageDeprecation } from './deprecation.ts'
import { deregisterImage } from './deregister-image.ts'
import { describeImageAttribute, describeImages } from './describe-images.ts'
import { describeRegions } from './describe-regions.ts'
import { disableEbsEncryptionByDefault, enableEbsEncryptionByDefault, getEbsEncryptionByDefault } from './encryption.ts'
import { modifyImageAttribute } from './modify-image.ts'
import { assertKnown, createParameters } from './parameters.ts'
import { disableImageDeregistrationProtection, enableImageDeregistrationProtection } from './protection.ts'
import {
  disableImageBlockPublicAccess,
  disableSnapshotBlockPublicAccess,
  enableImageBlockPublicAccess,
  enableSnapshotBlockPublicAccess,
  getImageBlockPublicAccessState,
  getSnapshotBlockPublicAccessState,
} from './public-access.ts'
import { cancelImportTask, describeImportSnapshotTasks, importSnapshot } from './import-snapshot.ts'
import { describeInstances, getConsoleOutput, terminateInstances } from './instances.ts'
import { oneByOne } from './one-by-one.ts'
import { registerImage } from './register-image.ts'
import { runInstances } from './run-instances.ts'
import { describeSnapshots, modifySnapshotAttribute } from './snapshots.ts'
import { createTags } from './tags.ts'
import { attachImageWatermark, detachImageWatermark } from './watermarks.ts'
import { renderAnswer } from './xml.ts'

const version = '2016-11-15'

const actions: Readonly<Record<string, Action>> = {
  RegisterImage: registerImage,
  CopyImage: copyImage,
  DescribeImages: describeImages,
  DescribeImageAttribute: describeImageAttribute,
  ModifyImageAttribute: modifyImageAttribute,
  DeregisterImage: deregisterImage,
  EnableImageDeprecation: enableImageDeprecation,
  DisableImageDeprecation: disableImageDeprecation,
  EnableImageDeregistrationProtection: enableImageDeregistrationProtection,
  DisableImageDeregistrationProtection: disableImageDeregistrationProtection,
  DescribeSnapshots: describeSnapshots,
  ModifySnapshotAttribute: modifySnapshotAttribute,
  DeleteSnapshot: deleteSnapshot,
  CreateTags: createTags,
  AttachImageWatermark: attachImageWatermark,
  DetachImageWatermark: detachImageWatermark,
  GetImageBlockPublicAccessState: getImageBlockPublicAccessState,
  EnableImageBlockPublicAccess: enableImageBlockPublicAccess,
  DisableImageBlockPublicAccess: disableImageBlockPublicAccess,
  GetSnapshotBlockPublicAccessState: getSnapshotBlockPublicAccessState,
  EnableSnapshotBlockPublicAccess: enableSnapshotBlockPublicAccess,
  DisableSnapshotBlockPublicAccess: disableSnapshotBlockPublicAccess,
  GetEbsEncryptionByDefault: getEbsEncryptionByDefault,
  EnableEbsEncryptionByDefault: enableEbsEncryptionByDefault,
  DisableEbsEncryptionByDefault: disableEbsEncryptionByDefault,
  DescribeRegions: describeRegions,
  ImportSnapshot: importSnapshot,
  DescribeImportSnapshotTasks: describeImportSnapshotTasks,
  CancelImportTask: cancelImportTask,
  RunInstances: runInstances,
  DescribeInstances: describeInstances,
  GetConsoleOutput: getConsoleOutput,
  TerminateInstances: terminateInstances,
}

/** Answers one request of the EC2 Query API with XML. Throws ApiError. */
export async function answerQuery(
  world: World,
  place: Place,
  form: URLSearchParams,
  requestId: string,
): Promise<string> {
  const name = form.get('Action') ?? ''
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (!action) throw refused('InvalidAction', `The action ${name} is not valid for this web service.`)
  if (form.get('Version') !== version)
    throw refused(
      'InvalidParameterValue',
      `Invalid value '${form.get('Version') ?? ''}' for version; this is ${version}.`,
    )
  assertKnown(form.keys(), action.takes.split(' '))
  const parameters = createParameters(new Map(form))
  if (parameters.flag('DryRun'))
    throw new ApiError(412, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.')
  const token = parameters.text('ClientToken')
  const run = async () => await action.run({ world, ...place, parameters })
  return renderAnswer(name, requestId, token === null ? await run() : await oneByOne(world, token, run))
}
