import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PermanentError } from '#service/errors.ts'
import { canRunNova, type NovaAccount } from '#test/brokers/nova/nova.ts'
import { nothing, openTalkingGuests, type TalkingGuests } from './testing/talking-guests.ts'

let guests: TalkingGuests

describe.skipIf(!canRunNova)('in a real Nova, the machine openstack', () => {
  beforeAll(async () => {
    guests = await openTalkingGuests()
  })
  afterAll(async () => {
    await guests[Symbol.asyncDispose]()
  })

  it('boots a disk, hears its console, and leaves nothing', async () => {
    const { cloud, instance, partsOf, machineFor } = guests
    const account = await cloud.addAccount('plain')
    const { parts, heard } = await partsOf('plain')
    {
      await using running = await machineFor(account).powerOn(parts)
      await expect.poll(() => heard.text, { timeout: 120_000 }).toBe('hello from the guest\n')
      expect(running.ssh).toMatchObject({ port: 22 })
      expect(running.instanceId).toMatch(/^[0-9a-f-]{36}$/)
      expect(await account.owned()).toEqual({
        servers: [instance.hostname],
        images: [expect.stringMatching(/^imagedrop-boot-test-/)],
        keys: [expect.stringMatching(/^imagedrop-boot-test-/)],
      })
    }
    expect(await account.owned()).toEqual(nothing)
    expect(await readFile(parts.logs.console, 'utf8')).toBe(heard.text)
  })

  it('starts a guest a second time, whose console goes on, and hears it power itself off', async () => {
    const { cloud, partsOf, machineFor } = guests
    const account = await cloud.addAccount('twice')
    const { parts, heard } = await partsOf('twice')
    {
      await using running = await machineFor(account).powerOn(parts)
      await expect.poll(() => heard.text, { timeout: 60_000 }).toBe('hello from the guest\n')
      await running.reboot(parts.signal)
      await expect.poll(() => heard.text, { timeout: 60_000 }).toBe('hello from the guest\nhello from the guest\n')
      await running.powerDown()
      expect(await running.ended).toBe('the guest powered itself off')
    }
    expect(await account.owned()).toEqual(nothing)
  })

  it('what a killed boot has left is removed before the next one, and nothing of others', async () => {
    const { cloud, folder, partsOf, machineFor } = guests
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

  it.each([
    ['the image is there', 'images'],
    ['the guest is asked for', 'keys'],
    ['the guest is made', 'servers'],
  ] as const)('when it is told to stop as %s, nothing is left', async (_, kind) => {
    const { cloud, partsOf, machineFor } = guests
    const account = await cloud.addAccount(`stopped-${kind}`)
    const stop = new AbortController()
    const { parts } = await partsOf(`stopped-${kind}`, { signal: stop.signal })
    const booting = machineFor(account).powerOn(parts)
    booting.catch(() => {})
    await expect.poll(async () => (await account.owned())[kind], { timeout: 60_000, interval: 5 }).toHaveLength(1)
    stop.abort(new Error('told to stop'))
    await expect(booting).rejects.toThrow('told to stop')
    expect(await account.owned()).toEqual(nothing)
    // What was asked for before would be there by now.
    await sleep(3_000)
    expect(await account.owned()).toEqual(nothing)
  })

  it('what the cloud refuses says why, and leaves nothing', async () => {
    const { cloud, disk, partsOf, machineFor } = guests
    const account = await cloud.addAccount('refused')
    const { parts } = await partsOf('refused', { image: { path: disk, size: 3 * 1024 ** 3 } })
    await expect(machineFor(account).powerOn(parts)).rejects.toThrow(/Flavor's disk is smaller than the minimum size/)
    await expect(machineFor(account, { flavor: 'huge' }).powerOn(parts)).rejects.toThrow(PermanentError)
    expect(await account.owned()).toEqual(nothing)
  })
})

/** Boots in a process of its own, which tells when its guest is there. */
function forkBoot(account: NovaAccount, own: string): ChildProcess {
  const { cloud, disk, instance } = guests
  const options = { cloudsFile: account.cloudsFile, flavor: cloud.flavor, network: cloud.network }
  return fork(join(import.meta.dirname, 'testing', 'boot-alone.ts'), [
    JSON.stringify({ ...options, guest: { disk, instance, folder: own } }),
  ])
}
