import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNova, type NovaAccount, type NovaCloud } from '#test/brokers/nova/nova.ts'
import type { Instance } from '../../../datasources/datasource.ts'
import { exampleInstance } from '../../../datasources/testing/ask.ts'
import { makeKeyPair } from '../../../guest/key-pair.ts'
import { writeTalkingDisk } from '../../../testing/talking-disk.ts'
import type { Machine, MachineParts } from '../../machine.ts'
import { guestParts } from './guest-parts.ts'
import { openMachine } from './open-machine.ts'

/** A real Nova, and a disk that says `hello from the guest` and then waits for the power button. */
export interface TalkingGuests extends AsyncDisposable {
  readonly folder: string
  readonly disk: string
  readonly cloud: NovaCloud
  readonly instance: Instance
  /** Of a guest with a folder by that name, and what it has said so far. */
  readonly partsOf: (
    name: string,
    more?: Partial<MachineParts>,
  ) => Promise<{ readonly parts: MachineParts; readonly heard: { readonly text: string } }>
  readonly machineFor: (account: NovaAccount, changes?: Partial<Parameters<typeof openMachine>[0]>) => Machine
}

/** What an account's project has when nothing is left in it. */
export const nothing = { servers: [], images: [], keys: [] }

/** Starts it, which takes half a minute at least. */
export async function openTalkingGuests(): Promise<TalkingGuests> {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openstack-machine-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const disk = join(folder, 'disk.raw')
  await writeTalkingDisk(disk, { says: 'hello from the guest\r\n', next: 'power-button' })
  // Nova takes no key that is none.
  const { publicKey } = await makeKeyPair(folder, AbortSignal.timeout(60_000))
  const instance = { ...exampleInstance, publicKey }
  const cloud = opened.use(await startNova())
  const kept = opened.move()
  return {
    folder,
    disk,
    cloud,
    instance,
    async partsOf(name, more = {}) {
      const heard = { text: '' }
      const onConsole = (bytes: Buffer) => {
        heard.text += bytes.toString()
      }
      return { parts: await guestParts({ disk, instance, folder: join(folder, name), onConsole, ...more }), heard }
    },
    machineFor: (account, changes = {}) =>
      openMachine({ cloudsFile: account.cloudsFile, flavor: cloud.flavor, network: cloud.network, ...changes }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
