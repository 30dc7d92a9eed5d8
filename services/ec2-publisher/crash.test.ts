import { expect, it } from 'vitest'
import {
  blessed,
  bytesOf,
  handle,
  inventory,
  keepDisk,
  readBack,
  registrationsIn,
  setUp,
  superseded,
  tested,
} from './testing/bench.ts'
import { forEachCall, killAt } from './testing/kill.ts'

it.each(['lost', 'unheard'] as const)(
  'makes one image of one snapshot, wherever an upload is killed (the call is %s)',
  async (fault) => {
    const calls = await forEachCall(async (number) => {
      await using bench = await setUp()
      const disk = await keepDisk(bench.artifacts, 3)
      const event = tested(disk)
      if (!(await killAt(bench, event, { number, fault }))) return false
      const [registration] = registrationsIn(await handle(bench, event))
      const { images, snapshots } = await inventory(bench)
      expect([number, images.length, snapshots.length]).toEqual([number, 1, 1])
      expect(images[0]?.ImageId).toBe(registration?.id)
      const back = await readBack(bench, registration?.details['snapshot'] ?? '', disk.size)
      expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
      return true
    })
    expect(calls).toBeGreaterThan(12)
  },
  120_000,
)

it.each(['lost', 'unheard'] as const)(
  'goes on through many kills of one and the same upload (the call is %s)',
  async (fault) => {
    await using bench = await setUp()
    const event = tested(await keepDisk(bench.artifacts, 3))
    for (const number of [2, 3, 5, 8, 9, 4, 7]) await killAt(bench, event, { number, fault })
    await handle(bench, event)
    const { images, snapshots } = await inventory(bench)
    expect([images.length, snapshots.length]).toEqual([1, 1])
  },
  60_000,
)

it.each(['lost', 'unheard'] as const)(
  'publishes and withdraws completely, wherever it is killed (the call is %s)',
  async (fault) => {
    const calls = await forEachCall(async (number) => {
      await using bench = await setUp()
      const event = tested(await keepDisk(bench.artifacts, 3))
      const registrations = registrationsIn(await handle(bench, event))
      const publication = await killAt(bench, blessed(registrations), { number, fault })
      await handle(bench, blessed(registrations))
      expect((await inventory(bench)).images).toMatchObject([{ Public: true }])
      const withdrawal = await killAt(bench, superseded(registrations, event.body.drop), { number, fault })
      await handle(bench, superseded(registrations, event.body.drop))
      expect([number, await inventory(bench)]).toEqual([number, { images: [], snapshots: [] }])
      return publication || withdrawal
    })
    expect(calls).toBeGreaterThan(5)
  },
  120_000,
)
