import { afterAll, beforeAll, expect, it } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesOf, handleOnce, inventory, readBack, tested, woken } from '../testing/bench.ts'
import { keepLargeDisk, openImportHouse, type ImportBench, type ImportHouse } from '../testing/import-bench.ts'

let house: ImportHouse
beforeAll(async () => {
  house = await openImportHouse()
}, 600_000)
afterAll(async () => {
  await house[Symbol.asyncDispose]()
})

type Event = Parameters<typeof handleOnce>[1]

/** Wakes the job until it waits no more. */
async function follow(bench: ImportBench, event: Event, signal = AbortSignal.timeout(60_000)) {
  const waits: string[] = []
  let said = await handleOnce(bench, event, { signal })
  while (said.wait !== undefined) {
    waits.push(said.wait.reason)
    await sleep(10)
    said = await handleOnce(bench, event, { ...woken(said), signal })
  }
  return { events: [...said.events], waits }
}

it('puts the disk into the bucket, has AWS make a snapshot of it, registers that, and leaves nothing in the bucket', async () => {
  const calls: string[] = []
  await using bench = await house.setUp({
    faults({ operation }) {
      calls.push(operation)
      return null
    },
  })
  const disk = await keepLargeDisk(bench.artifacts)
  const { events, waits } = await follow(bench, tested(disk))
  expect(events).toMatchObject([{ subject: 'image.uploaded.v1', body: { bytes: disk.size } }])
  expect(new Set(waits)).toEqual(new Set(['AWS to import the disk']))
  const { images, snapshots } = await inventory(bench)
  expect(images).toMatchObject([{ Public: false, State: 'available' }])
  expect(snapshots).toHaveLength(1)
  const back = await readBack(bench, snapshots[0]?.SnapshotId ?? '', disk.size)
  expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
  expect(await bench.bucket.keys()).toEqual([])
  expect(await bench.bucket.unfinished()).toEqual([])
  expect(calls.filter((one) => one === 'ImportSnapshot')).toHaveLength(1)
  expect(calls).not.toContain('StartSnapshot')
  // Delivered again, nothing is begun again.
  expect((await follow(bench, tested(disk))).waits).toEqual([])
})
