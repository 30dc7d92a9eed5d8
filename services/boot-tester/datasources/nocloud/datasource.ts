import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import type { DataSource, Instance } from '../datasource.ts'

/** NoCloud by a disk with the label `cidata` (cloud-init's reference, "NoCloud"). */
export const noCloud: DataSource = {
  name: 'nocloud',
  reportedAs: /DataSourceNoCloud/,
  async open(instance, folder, signal) {
    const path = await makeSeed(folder, instance, signal)
    return {
      identity: {},
      disks: [{ path, bus: 'virtio' }],
      servers: [],
      requests: () => [],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  },
}

/** The files of a NoCloud seed: what a cloud would answer to a machine that asks who it is. */
export function seedFiles({ id, hostname, publicKey, userData }: Instance): Record<'meta-data' | 'user-data', string> {
  const metaData = { 'instance-id': id, 'local-hostname': hostname, 'public-keys': [publicKey] }
  return { 'meta-data': `${JSON.stringify(metaData, null, 2)}\n`, 'user-data': userData }
}

async function makeSeed(folder: string, instance: Instance, signal: AbortSignal): Promise<string> {
  const source = join(folder, 'seed')
  const disk = join(folder, 'seed.iso')
  await mkdir(source, { recursive: true })
  for (const [name, content] of Object.entries(seedFiles(instance))) await writeFile(join(source, name), content)
  await run('xorriso', ['-as', 'mkisofs', '-quiet', '-o', disk, '-V', 'cidata', '-J', '-R', source], {
    signal,
    deadline: 60_000,
    log: join(folder, 'seed.log'),
  })
  return disk
}
