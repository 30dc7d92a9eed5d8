import { PermanentError } from '#service/errors.ts'
import type { CloudDisk } from '../../datasources/datasource.ts'
import type { Hardware } from '../hardware.ts'
import type { Emulator } from './emulators.ts'

/** Throws PermanentError for hardware that no machine of this architecture has. */
export function assertHardware(
  { tool, chipsets, firmware, tpm }: Emulator,
  hardware: Hardware,
  disks: readonly Pick<CloudDisk, 'bus'>[],
): void {
  const refuse = (why: string) => new PermanentError('environment', `${tool} has no such machine: ${why}`)
  const { chipset } = hardware
  if (chipsets[chipset] === undefined)
    throw refuse(`the chipset is one of ${Object.keys(chipsets).join(', ')}, not ${chipset}`)
  if (firmware[hardware.firmware] === undefined) {
    throw refuse(`the firmware is one of ${Object.keys(firmware).join(', ')}, not ${hardware.firmware}`)
  }
  // The firmware keeps its keys where only the processor's management mode gets to, which i440fx does not have.
  if (hardware.firmware === 'secure-boot' && chipset !== 'q35') throw refuse(`secure-boot needs q35, not ${chipset}`)
  const buses = [hardware.disk, ...disks.map(({ bus }) => bus)]
  if (buses.includes('ide') && chipset !== 'i440fx') throw refuse(`disks on ide need i440fx, not ${chipset}`)
  if (hardware.tpm && tpm === undefined) throw refuse('there is no TPM')
}
