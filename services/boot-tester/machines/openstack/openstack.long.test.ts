import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PermanentError } from '#service/errors.ts'
import { canRunNova, startNova, type NovaAccount, type NovaCloud } from '#test/brokers/nova/nova.ts'
import type { Instance } from '../../datasources/datasource.ts'
import { exampleInstance } from '../../datasources/testing/ask.ts'
import { makeKeyPair } from '../../guest/key-pair.ts'
import { writeTalkingDisk } from '../../testing/talking-disk.ts'
import type { MachineParts } from '../machine.ts'
import { guestParts } from './testing/guest-parts.ts'
import { openMachine } from './testing/open-machine.ts'

let folder: string
let disk: string
let cloud: NovaCloud
let instance: Instance

const nothing = { servers: [], images: [], keys: [] }

async function partsOf(name: string, more: Partial<MachineParts> = {}) {
  const heard = { text: '' }
  const onConsole = (bytes: Buffer) => {
    heard.text += bytes.toString()
  }
  return { parts: await guestParts({ disk, instance, folder: join(folder, name), onConsole, ...more }), heard }
}

function machineFor(account: NovaAccount, changes: Partial<Parameters<typeof openMachine>[0]> = {}) {
  return openMachine({ cloudsFile: account.cloudsFile, flavor: cloud.flavor, network: cloud.network, ...changes })
}

describe.skipIf(!canRunNova)('in a real Nova, the machine openstack', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'openstack-machine-'))
    disk = join(folder, 'disk.raw')
    await writeTalkingDisk(disk, { says: 'hello from the guest\r\n', next: 'power-button' })
    // Nova takes no key that is none.
    const { publicKey } = await makeKeyPair(folder, AbortSignal.timeout(60_000))
    instance = { ...exampleInstance, publicKey }
    cloud = await startNova()
  })
  afterAll(async () => {
    await cloud[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  it('makes a guest of the disk, hears it, starts it a second time, and leaves nothing', async () => {
    const account = await cloud.addAccount('plain')
    const { parts, heard } = await partsOf('plain')
    {
      await using running = await machineFor(account).powerOn(parts)
      await expect.poll(() => heard.text, { timeout: 60_000 }).toBe('hello from the guest\n')
      expect(running.ssh).toMatchObject({ port: 22 })
      expect(running.instanceId).toMatch(/^[0-9a-f-]{36}$/)
      expect(await account.owned()).toEqual({
        servers: [instance.hostname],
        images: [expect.stringMatching(/^imagedrop-boot-test-/)],
        keys: [expect.stringMatching(/^imagedrop-boot-test-/)],
      })
      await running.reboot(parts.signal)
      await expect.poll(() => heard.text, { timeout: 60_000 }).toBe('hello from the guest\nhello from the guest\n')
      await running.powerDown()
      expect(await running.ended).toBe('the guest powered itself off')
    }
    expect(await account.owned()).toEqual(nothing)
    expect(await readFile(parts.logs.console, 'utf8')).toBe(heard.text)
  })

  it('what a killed boot has left is removed before the next one, and nothing of others', async () => {
    const account = await cloud.addAccount('killed')
    const other = await machineFor(account).powerOn((await partsOf('other')).parts)
    const child = forkBoot(account, join(folder, 'killed'))
    await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect((await account.owned()).servers).toHaveLength(2)
    {
      await using _next = await machineFor(account).powerOn((await partsOf('next')).parts)
      // That of the process that still runs, and the new one.
      expect(await account.owned()).toMatchObject({ servers: [{}, {}], images: [{}, {}], keys: [{}, {}] })
    }
    await other[Symbol.asyncDispose]()
    expect(await account.owned()).toEqual(nothing)
  })

  it('when it is told to stop while the guest is made, nothing is left', async () => {
    const account = await cloud.addAccount('stopped')
    const stop = new AbortController()
    const { parts } = await partsOf('stopped', { signal: stop.signal })
    const booting = machineFor(account).powerOn(parts)
    booting.catch(() => {})
    await expect.poll(async () => (await account.owned()).servers, { timeout: 60_000 }).toHaveLength(1)
    stop.abort(new Error('told to stop'))
    await expect(booting).rejects.toThrow('told to stop')
    expect(await account.owned()).toEqual(nothing)
  })

  it('what the cloud refuses says why, and leaves nothing', async () => {
    const account = await cloud.addAccount('refused')
    const { parts } = await partsOf('refused', { image: { path: disk, size: 3 * 1024 ** 3 } })
    await expect(machineFor(account).powerOn(parts)).rejects.toThrow(/Flavor's disk is smaller than the minimum size/)
    await expect(machineFor(account, { flavor: 'huge' }).powerOn(parts)).rejects.toThrow(PermanentError)
    expect(await account.owned()).toEqual(nothing)
  })
})

/** Boots in a process of its own, which tells when its guest is there. */
function forkBoot(account: NovaAccount, own: string): ChildProcess {
  const options = { cloudsFile: account.cloudsFile, flavor: cloud.flavor, network: cloud.network }
  return fork(join(import.meta.dirname, 'testing', 'boot-alone.ts'), [
    JSON.stringify({ ...options, guest: { disk, instance, folder: own } }),
  ])
}
