import { copyFile, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt, type ImageBuilt } from '#events/image-built.ts'
import type { ImageTested } from '#events/image-tested.ts'
import { testContext } from '#test/support/context.ts'
import { house } from '#test/support/house.ts'
import { assemble } from '../../services/boot-tester/main.ts'
import { rootOffset } from './debian-disk.ts'

const onlyByBios = `
boots: { bios: { firmware: bios, chipset: i440fx, disk: virtio, tpm: false, datasource: nocloud } }
images: [{ boots: [bios] }]
`

/** Boots a copy of a built disk whose root file system is overwritten at its beginning; gives the boot tester's word. */
export async function testTornDisk(built: ImageBuilt, stateFolder: string): Promise<ImageTested> {
  const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
  await using draft = await artifacts.draft('disk.raw')
  await copyFile(await artifacts.open(built.disk), draft.path)
  {
    await using file = await open(draft.path, 'r+')
    // The superblock of the root file system, and much else.
    await file.write(Buffer.alloc(1024 * 1024, 0x5a), 0, 1024 * 1024, await rootOffset(draft.path))
  }
  const disk = await artifacts.keep(draft, { format: 'raw' })
  const host = { ...house, stateFolder, artifacts, log: pino({ level: 'silent' }), now: () => new Date() }
  const boots = join(stateFolder, 'boots.yaml')
  await writeFile(boots, onlyByBios)
  // After its last word it has nothing more to say, however long one waits.
  const env = { IMAGEDROP_BOOT_TESTER_IDLE_SECONDS: '25', IMAGEDROP_BOOT_TESTER_BOOTS: boots }
  const { service } = await assemble({ ...host, env })
  const event = seal(say(imageBuilt, { ...built, disk }), { now: new Date() })
  const { events } = await service.handle(event, testContext({ folder: join(stateFolder, 'torn') }))
  return events[0]?.body as ImageTested
}
