import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { canRunNova } from '#test/brokers/nova/nova.ts'
import { nothing, openTalkingGuests } from './testing/talking-guests.ts'

it.skipIf(!canRunNova)('in a real Nova, a disk boots, its console is heard, and nothing is left', async () => {
  await using guests = await openTalkingGuests()
  const account = await guests.cloud.addAccount('plain')
  const { parts, heard } = await guests.partsOf('plain')
  {
    await using running = await guests.machineFor(account).powerOn(parts)
    await expect.poll(() => heard.text, { timeout: 120_000 }).toBe('hello from the guest\n')
    expect(running.ssh).toMatchObject({ port: 22 })
    expect(running.instanceId).toMatch(/^[0-9a-f-]{36}$/)
    expect(await account.owned()).toEqual({
      servers: [guests.instance.hostname],
      images: [expect.stringMatching(/^imagedrop-boot-test-/)],
      keys: [expect.stringMatching(/^imagedrop-boot-test-/)],
    })
  }
  expect(await account.owned()).toEqual(nothing)
  expect(await readFile(parts.logs.console, 'utf8')).toBe(heard.text)
})
