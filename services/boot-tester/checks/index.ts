import type { Check, DiskCheck, LaterCheck } from './check.ts'
import { authorizedKeys } from './authorized-keys/check.ts'
import { bootEntry } from './boot-entry/check.ts'
import { bootLoader } from './boot-loader/check.ts'
import { caches } from './caches/check.ts'
import { cleanShutdown } from './clean-shutdown/check.ts'
import { cloudInitLog } from './cloud-init-log/check.ts'
import { cloudInit } from './cloud-init/check.ts'
import { enabledUnits } from './enabled-units/check.ts'
import { failedUnits } from './failed-units/check.ts'
import { fileSystems } from './file-systems/check.ts'
import { fstab } from './fstab/check.ts'
import { hostKeys } from './host-keys/check.ts'
import { hostname } from './hostname/check.ts'
import { journal } from './journal/check.ts'
import { kernelArguments } from './kernel-arguments/check.ts'
import { kernelErrors } from './kernel-errors/check.ts'
import { kernelUpdate } from './kernel-update/check.ts'
import { leftovers } from './leftovers/check.ts'
import { listeningPorts } from './listening-ports/check.ts'
import { lockedAccounts } from './locked-accounts/check.ts'
import { loginPrompt } from './login-prompt/check.ts'
import { logs } from './logs/check.ts'
import { machineIdUnset } from './machine-id-unset/check.ts'
import { machineId } from './machine-id/check.ts'
import { newInstance } from './new-instance/check.ts'
import { packageDatabase } from './package-database/check.ts'
import { packageFiles } from './package-files/check.ts'
import { packageSet } from './package-set/check.ts'
import { packageSources } from './package-sources/check.ts'
import { partitionTable } from './partition-table/check.ts'
import { passwords } from './passwords/check.ts'
import { privilegedFiles } from './privileged-files/check.ts'
import { randomSeed } from './random-seed/check.ts'
import { rootFileSystem } from './root-file-system/check.ts'
import { rootGrown } from './root-grown/check.ts'
import { rootLogin } from './root-login/check.ts'
import { runningKernel } from './running-kernel/check.ts'
import { secondBoot } from './second-boot/check.ts'
import { secrets } from './secrets/check.ts'
import { selinuxLabels } from './selinux-labels/check.ts'
import { selinux } from './selinux/check.ts'
import { size } from './size/check.ts'
import { spaceLeft } from './space-left/check.ts'
import { sshPolicy } from './ssh-policy/check.ts'
import { ssh } from './ssh/check.ts'
import { sudoers } from './sudoers/check.ts'
import { systemSettings } from './system-settings/check.ts'
import { trim } from './trim/check.ts'
import { worldWritable } from './world-writable/check.ts'

/** What is judged on the disk before it boots, in the order in which a report shows it. */
export const diskChecks: readonly DiskCheck[] = [
  partitionTable,
  bootLoader,
  fileSystems,
  rootFileSystem,
  bootEntry,
  fstab,
  kernelArguments,
  packageDatabase,
  packageFiles,
  packageSources,
  packageSet,
  enabledUnits,
  systemSettings,
  selinuxLabels,
  hostKeys,
  machineIdUnset,
  randomSeed,
  passwords,
  authorizedKeys,
  sudoers,
  secrets,
  privilegedFiles,
  worldWritable,
  logs,
  caches,
  leftovers,
  size,
]

/** What is judged on a machine that boots, in the order in which a report shows them. */
export const checks: readonly Check[] = [
  loginPrompt,
  cloudInit,
  ssh,
  rootLogin,
  failedUnits,
  rootGrown,
  machineId,
  kernelErrors,
  hostname,
  cloudInitLog,
  sshPolicy,
  lockedAccounts,
  listeningPorts,
  trim,
  spaceLeft,
  runningKernel,
  selinux,
  journal,
]

/** What is judged of a machine that lives on, for boots that ask for it, in the order in which it happens. */
export const laterChecks: readonly LaterCheck[] = [kernelUpdate, secondBoot, cleanShutdown, newInstance]
