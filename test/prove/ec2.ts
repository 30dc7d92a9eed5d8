import { constants } from 'node:fs'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import { createDirectCloud } from '../../services/ec2-publisher/cloud/direct-cloud.ts'
import type { CloudContext, UploadOrder } from '../../services/ec2-publisher/cloud.ts'
import { readEc2PublisherConfig } from '../../services/ec2-publisher/config.ts'
import { emulatorAccount } from '../../services/ec2-publisher/emulator/credentials.ts'
import { startEmulator } from '../../services/ec2-publisher/emulator/start.ts'
import { standIn } from '../../services/ec2-publisher/stand-in.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { buildDebian } from './support/build-debian.ts'
import { createQemuGuests } from './ec2/qemu-guests.ts'
import { stopwatch } from './support/stopwatch.ts'

const region = 'us-east-1'

/**
 * Registers a real image in the emulator and tries it there as in EC2: what runs in its instance is a QEMU guest of the blocks that the
 * snapshot has, and the console decides. Takes the EC2 image of Debian 12, or a raw disk that starts by BIOS: `npm run prove -- ec2 DISK`.
 */
export async function prove(): Promise<boolean> {
  const [, , , given] = process.argv
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-ec2-'))
  const path = given ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (path === null) return false
  const clock = stopwatch()
  const tell = (what: string) => {
    console.log(`${clock()}: ${what}`)
  }
  await using emulator = await startEmulator({
    folder: join(folder, 'emulator'),
    log: pino({ level: 'silent' }),
    startGuest: createQemuGuests(join(folder, 'guests'), tell),
  })
  const settings = readEc2PublisherConfig({
    ...standIn.settings(emulator.url),
    IMAGEDROP_EC2_PUBLISHER_REGIONS: region,
    IMAGEDROP_EC2_PUBLISHER_TRIALS: 'x86_64/legacy-bios=t2.micro, x86_64/uefi=t3.micro',
    // A machine that does much else, and emulates its guests, is slower than EC2.
    IMAGEDROP_EC2_PUBLISHER_TRIAL_MINUTES: '30',
  })
  const cloud = createDirectCloud(settings, emulatorAccount)
  const context: CloudContext = { signal: AbortSignal.timeout(3_000_000), progress: () => {}, logFolder: folder }
  const order = await orderFor(path, folder)
  const { registrations, bytes } = await cloud.upload(order, context)
  tell(`${registrations[0]?.id ?? '?'} is registered; ${String(Math.round(bytes / 1024 ** 2))} MiB were sent`)
  const isProven = await follow(() => cloud.tryOut(order, registrations, context), tell)
  if (isProven) await rm(folder, { recursive: true })
  return isProven
}

async function follow(look: () => Promise<string | null>, tell: (what: string) => void): Promise<boolean> {
  let told = ''
  try {
    for (let wait = await look(); wait !== null; wait = await look()) {
      if (wait !== told) tell(`waits for ${wait}`)
      told = wait
      await sleep(3_000)
    }
  } catch (error) {
    tell(String(error))
    return false
  }
  tell('the image has started, and told what it should')
  return true
}

async function orderFor(path: string, folder: string): Promise<UploadOrder> {
  const artifacts = await createFolderStore(join(folder, 'artifacts'))
  await using draft = await artifacts.draft('disk.raw')
  await copyFile(path, draft.path, constants.COPYFILE_FICLONE)
  const { sha256, size, ...kept } = await artifacts.keep(draft, { format: 'raw' })
  return {
    drop: 'weekly-Debian-12-20260101.n.0',
    image: 'ec2.x86_64',
    stream: 'weekly Debian 12',
    compose: 'Debian-12-20260101.n.0',
    name: 'debian-12-amd64-proof',
    architecture: 'x86_64',
    firmware: { bios: true, uefi: true, tpm: false },
    disk: { path: await artifacts.open({ sha256, size, ...kept }), sha256, size },
  }
}
