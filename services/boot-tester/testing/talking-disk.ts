import { open } from 'node:fs/promises'

interface TalkingDiskOptions {
  /** What the guest says on its serial console; at most 400 characters. */
  readonly says: string
  /** What it does then; `power-button` is to wait for that, and to power itself off. */
  readonly next: 'hang' | 'reset' | 'power-button'
}

/** Writes a disk whose boot sector is the whole guest: for tests that need a real machine, but no system in it. */
export async function writeTalkingDisk(path: string, { says, next }: TalkingDiskOptions): Promise<void> {
  const text = Buffer.from(`${says}\0`, 'latin1')
  if (text.length > 401) throw new RangeError(`a boot sector has room for 400 characters, not ${String(text.length)}`)
  const textAt = 64
  const code = [
    [0xfc, 0x31, 0xc0, 0x8e, 0xd8], // cld; ds = 0
    // Whoever has heard the guest may press the button.
    next === 'power-button' ? powerButton.enable : [],
    [0xbe, textAt, 0x7c], // si = text, loaded at 0x7c00
    [0xba, 0xf8, 0x03], // dx = first serial port
    [0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8], // while ((al = *si++)) out(dx, al)
    next === 'reset' ? [0xb0, 0xfe, 0xe6, 0x64] : [], // keyboard controller: pulse the reset line
    next === 'power-button' ? powerButton.obey : [],
    [0xf4, 0xeb, 0xfd], // halt for ever
  ]
  const sector = Buffer.alloc(512)
  sector.set(code.flat(), 0)
  sector.set(text, textAt)
  sector.writeUInt16LE(0xaa55, 510)
  await using disk = await open(path, 'w')
  await disk.write(sector)
  await disk.truncate(1024 * 1024)
}

/** By the registers of ACPI, where a PC's firmware has put them. */
const powerButton = {
  enable: [0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef], // the button's event
  obey: [
    [0xba, 0x00, 0x06, 0xed, 0xf6, 0xc4, 0x01, 0x74, 0xfa], // do { status } while (not pressed)
    [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef], // go to sleep state 5
  ].flat(),
}
