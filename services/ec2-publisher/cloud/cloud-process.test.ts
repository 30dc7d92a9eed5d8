import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PermanentError, TransientError } from '#service/errors.ts'
import { standIn } from '../stand-in.ts'
import { createCloudProcess } from './cloud-process.ts'
import { blessed, handle, inventory, keepDisk, registrationsIn, setUp, superseded, tested } from '../testing/bench.ts'

it('uploads, publishes and withdraws in processes of their own', async () => {
  await using direct = await setUp()
  const bench = { ...direct, cloud: createCloudProcess(direct.settings, standIn.settings(direct.emulator.url)) }
  const event = tested(await keepDisk(bench.artifacts))
  const phases = new Set<string>()
  const registrations = registrationsIn(await handle(bench, event, { progress: ({ phase }) => phases.add(phase) }))
  expect([...phases]).toEqual(
    expect.arrayContaining(['looking for the image (us-east-1)', 'uploading (us-east-1)', 'registering (us-east-1)']),
  )
  await handle(bench, blessed(registrations))
  expect((await inventory(bench)).images).toMatchObject([{ Public: true, ImageId: registrations[0]?.id }])
  await handle(bench, superseded(registrations, event.body.drop))
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
  expect(await readFile(join(bench.folder, 'logs', 'upload.log'), 'utf8')).toContain('uploading')
  const compiled = await readdir(join(bench.folder, 'state', 'ec2-publisher', 'code'), { recursive: true })
  expect(compiled.length).toBeGreaterThan(100)
})

it('tells the same errors as when it runs in our own process', async () => {
  await using direct = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '0.2' })
  const bench = { ...direct, cloud: createCloudProcess(direct.settings, standIn.settings(direct.emulator.url)) }
  const disk = await keepDisk(bench.artifacts)
  await expect(handle(bench, tested({ ...disk, sha256: disk.sha256 }, {}))).resolves.toBeDefined()
  const other = await keepDisk(bench.artifacts)
  await expect(handle(bench, tested(other))).rejects.toThrow(PermanentError)
  const lie = { ...direct, cloud: { ...bench.cloud, upload: uploadAs(bench.cloud, '0'.repeat(64)) } }
  await expect(handle(lie, tested(other, { architecture: 'i686' }))).rejects.toThrow(/now reads as/)
  await direct.emulator.close()
  await expect(handle(bench, tested(other, { architecture: 'aarch64' }))).rejects.toThrow(TransientError)
})

/** The same upload of a disk that does not have the digest it should have. */
function uploadAs(cloud: ReturnType<typeof createCloudProcess>, sha256: string): typeof cloud.upload {
  return (order, context) => cloud.upload({ ...order, disk: { ...order.disk, sha256 } }, context)
}
