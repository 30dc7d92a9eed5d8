import type { BootModeValues } from '@aws-sdk/client-ec2'
import type { Architecture, BootRecord } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import type { TestedFirmware, UploadOrder } from '../cloud.ts'
import type { Ec2Settings } from '../config.ts'

/** By which firmware an image passed its boot test; null when that does not tell. */
export function testedFirmware(boots: readonly BootRecord[] | undefined): TestedFirmware | null {
  const passed = boots?.filter((one) => one.outcome === 'passed') ?? []
  if (passed.length === 0) return null
  const byUefi = passed.filter((one) => one.firmware !== 'bios')
  return { bios: byUefi.length < passed.length, uefi: byUefi.length > 0, tpm: byUefi.some((one) => one.tpm) }
}

type Tested = Pick<UploadOrder, 'name' | 'architecture' | 'firmware'>

/**
 * The firmware that instances of an image start by, and whether they get a NitroTPM, which EC2 gives only to what starts by UEFI
 * and nothing else. i686 starts by BIOS and aarch64 by UEFI, always; x86_64 as it was tested, unless the settings say which of that.
 */
export function bootModeOf(
  { name, architecture, firmware }: Tested,
  { x86BootMode, tpm }: Pick<Ec2Settings, 'x86BootMode' | 'tpm'>,
): { readonly mode: BootModeValues; readonly tpm: boolean } {
  const fixed = fixedMode[architecture]
  if (fixed !== undefined) return { mode: fixed, tpm: false }
  const mode = x86BootMode ?? testedMode(firmware)
  const needed = { 'legacy-bios': ['bios'], uefi: ['uefi'], 'uefi-preferred': ['bios', 'uefi'] } as const
  const untested = needed[mode].filter((one) => firmware !== null && !firmware[one])
  if (untested.length > 0)
    throw new PermanentError(
      'environment',
      `${name} cannot be registered for the boot mode ${mode}: no boot test by ${untested.join(' and ')} has passed; give it such ` +
        'a boot in the boot policy, or change IMAGEDROP_EC2_PUBLISHER_X86_BOOT_MODE',
    )
  return { mode, tpm: tpm && mode === 'uefi' && firmware?.tpm === true }
}

const fixedMode: Partial<Record<Architecture, BootModeValues>> = { i686: 'legacy-bios', aarch64: 'uefi' }

/** What a test of before boots were told says of x86_64 is that it starts by BIOS. */
function testedMode(firmware: TestedFirmware | null): BootModeValues {
  if (firmware?.uefi !== true) return 'legacy-bios'
  return firmware.bios ? 'uefi-preferred' : 'uefi'
}
