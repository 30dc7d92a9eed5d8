import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
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

  it('when it is told to stop while the guest is made, nothing is left', async () => {
    const { cloud, partsOf, machineFor } = guests
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
