import { constants, existsSync } from 'node:fs'
import { chmod, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '#service/errors.ts'
import type { Hardware } from '../hardware.ts'
import type { Emulator, FirmwareFiles } from './emulators.ts'

/** The firmware of a machine; null where QEMU has it. Throws PermanentError naming the package. */
export function findFirmware(
  { tool, firmware, firmwarePackages }: Emulator,
  wanted: Hardware['firmware'],
  exists = existsSync,
): FirmwareFiles | null {
  const known = firmware[wanted]
  if (known === 'built-in') return null
  if (known === undefined) throw new PermanentError('environment', `${tool} has no firmware "${wanted}"`)
  const found = known.find(({ code, variables = code }) => exists(code) && exists(variables))
  if (found !== undefined) return found
  const looked = known.map(({ code }) => code).join(', ')
  const what = wanted === 'secure-boot' ? 'UEFI firmware with Secure Boot' : 'UEFI firmware'
  throw new PermanentError('environment', `there is no ${what} (${looked}): install ${firmwarePackages}`)
}

/** Gives a machine variables of its own, as they are before the first boot. */
export async function copyVariables(files: FirmwareFiles | null, folder: string): Promise<FirmwareFiles | null> {
  if (files?.variables === undefined) return files
  const variables = join(folder, 'variables.fd')
  await copyFile(files.variables, variables, constants.COPYFILE_FICLONE)
  // The distribution's own may be for reading alone.
  await chmod(variables, 0o600)
  return { ...files, variables }
}
