import type { DataSource, Instance } from '../datasource.ts'
import { diskCloud } from '../disk-cloud.ts'
import { makeSeedDisk } from '../seed-disk.ts'

/** NoCloud by a disk with the label `cidata` (cloud-init's reference, "NoCloud"). */
export const noCloud: DataSource = {
  name: 'nocloud',
  reportedAs: /DataSourceNoCloud/,
  idOf: ({ id }) => id,
  async open(instance, folder, signal) {
    const path = await makeSeedDisk({ label: 'cidata', files: seedFiles(instance), folder, signal })
    return diskCloud({ path, bus: 'virtio' })
  },
}

/** The files of a NoCloud seed: what a cloud would answer to a machine that asks who it is. */
export function seedFiles({ id, hostname, publicKey, userData }: Instance): Record<'meta-data' | 'user-data', string> {
  const metaData = { 'instance-id': id, 'local-hostname': hostname, 'public-keys': [publicKey] }
  return { 'meta-data': `${JSON.stringify(metaData, null, 2)}\n`, 'user-data': userData }
}
