import type { DataSource } from '../datasource.ts'
import { serveCloud } from '../http/serve-cloud.ts'
import { uuidOf } from '../ids.ts'
import { makeSeedDisk } from '../seed-disk.ts'
import { azureImds } from './imds.ts'
import { ovfEnvironment } from './ovf-env.ts'
import { wireServer } from './wireserver.ts'

/** As the firmware of every machine of Azure says. */
const chassis = '7783-7084-3265-9085-8269-3286-77'

/**
 * Azure: a provisioning CD, metadata, and the wire server to which a guest reports that it is ready. Without Hyper-V's
 * devices, so it tells whether an image's cloud-init knows Azure, and not whether its kernel boots there.
 */
export const azure: DataSource = {
  name: 'azure',
  reportedAs: /DataSourceAzure/,
  idOf: ({ id }) => uuidOf(id),
  async open(instance, folder, signal) {
    const files = { 'ovf-env.xml': ovfEnvironment(instance) }
    const path = await makeSeedDisk({ label: 'rd_rdfe_stable', files, folder, signal })
    return await serveCloud({
      identity: {
        manufacturer: 'Microsoft Corporation',
        product: 'Virtual Machine',
        uuid: uuidOf(instance.id),
        assetTag: chassis,
      },
      disks: [{ path, bus: 'ide' }],
      services: [
        { addresses: ['169.254.169.254'], port: 80, answers: azureImds(instance) },
        { addresses: ['168.63.129.16'], port: 80, answers: wireServer(instance) },
      ],
      folder,
    })
  },
}
