import { existsSync, readdirSync, symlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import { TransientError } from '#service/errors.ts'
import { emulatorAccount } from './emulator/credentials.ts'
import { bytesOf, handle, inventory, keepDisk, readBack, registrationsIn, setUp, tested } from './testing/bench.ts'

it('refuses a disk that is not what its digest promises, and leaves nothing behind', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  const path = await bench.artifacts.open(disk)
  {
    await using file = await open(path, 'r+')
    await file.write(Buffer.from('bit rot'), 0, null, 4096)
  }
  await expect(handle(bench, tested(disk))).rejects.toThrow(ArtifactCorrupted)
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})

it('notices data that appeared where the disk had a hole', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  {
    await using file = await open(await bench.artifacts.open(disk), 'r+')
    await file.write(Buffer.from('x'), 0, null, 9 * 524_288)
  }
  await expect(handle(bench, tested(disk))).rejects.toThrow(/now reads as/)
})

it('gets through a storm of throttling and server errors', async () => {
  let calls = 0
  let storm = true
  await using bench = await setUp({
    faults: ({ operation }) => {
      if (!storm) return null
      calls += 1
      if (operation.startsWith('Describe')) return calls % 5 === 0 ? 'throttled' : null
      return calls % 3 === 0 ? null : calls % 2 === 0 ? 'broken' : 'throttled'
    },
  })
  const disk = await keepDisk(bench.artifacts)
  const [registration] = registrationsIn(await handle(bench, tested(disk)))
  storm = false
  const { images, snapshots } = await inventory(bench)
  expect([images.length, snapshots.length]).toEqual([1, 1])
  const back = await readBack(bench, registration?.details['snapshot'] ?? '', disk.size)
  expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
})

it('says so when the disk that holds the emulated cloud is full', async () => {
  let folder = ''
  await using bench = await setUp({
    faults: ({ operation }) => {
      const [snapshot] = operation === 'PutSnapshotBlock' ? readdirSync(join(folder, 'emulator/snapshots')) : []
      const data = join(folder, 'emulator/blocks', `${parse(snapshot ?? '').name}.data`)
      if (snapshot !== undefined && !existsSync(data)) symlinkSync('/dev/full', data)
      return null
    },
  })
  folder = bench.folder
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toThrow(/EmulatorStorageFull: .*ENOSPC.* \(make room on the disk/)
  expect((await inventory(bench)).images).toEqual([])
})

it('asks to be tried again later when AWS stays busy', async () => {
  await using bench = await setUp(
    { faults: ({ operation }) => (operation === 'PutSnapshotBlock' ? 'throttled' : null) },
    { IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '0.1' },
  )
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toThrow(TransientError)
  await expect(job).rejects.toThrow(/RequestThrottledException/)
})

it('says what to do when the credentials are not accepted', async () => {
  await using bench = await setUp({ accounts: [{ ...emulatorAccount, secretAccessKey: 'changed' }] })
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(job).rejects.toThrow(/SignatureDoesNotMatch: .* \(check the AWS credentials of this process\)/)
})

it('stops within a moment when it is told to', async () => {
  await using bench = await setUp({ delays: { completion: 60_000 } })
  const abort = new AbortController()
  const job = handle(bench, tested(await keepDisk(bench.artifacts)), { signal: abort.signal })
  const outcome = job.catch((error: unknown) => error)
  await sleep(300)
  const start = performance.now()
  abort.abort(new Error('enough'))
  expect(await outcome).toMatchObject({ message: 'enough' })
  expect(performance.now() - start).toBeLessThan(1000)
})
