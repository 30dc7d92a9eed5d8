import type { CloudDisk, DataSource, Instance } from '../datasource.ts'
import { diskCloud } from '../disk-cloud.ts'
import { uuidOf } from '../ids.ts'
import { openstackFiles, versions } from '../openstack/metadata.ts'
import { makeSeedDisk } from '../seed-disk.ts'

/** OpenStack's config drive, version 2, on the bus where a cloud attaches it. */
function configDriveOn(bus: CloudDisk['bus'], name: string): DataSource {
  return {
    name,
    reportedAs: /DataSourceConfigDrive/,
    idOf: ({ id }) => uuidOf(id),
    async open(instance, folder, signal) {
      const path = await makeSeedDisk({ label: 'config-2', files: driveFiles(instance), folder, signal })
      const identity = { manufacturer: 'OpenStack Foundation', product: 'OpenStack Nova', uuid: uuidOf(instance.id) }
      return diskCloud({ path, bus }, identity)
    },
  }
}

/** As a disk of virtio (nova, `config_drive_format` with `hw_cdrom_bus=virtio`). */
export const configDrive = configDriveOn('virtio', 'configdrive')
/** As a CD of IDE, Nova's default on i440fx. */
export const configDriveIde = configDriveOn('ide', 'configdrive-ide')
/** As a CD of SATA, Nova's default on q35. */
export const configDriveSata = configDriveOn('sata', 'configdrive-sata')
/** As a disk of virtio-scsi. */
export const configDriveScsi = configDriveOn('scsi', 'configdrive-scsi')

/** Every version of OpenStack's files, and EC2's (nova's user guide, "Config drives"). */
export function driveFiles(instance: Instance): Record<string, string> {
  const files = openstackFiles(instance)
  const openstack = versions.flatMap((version) =>
    Object.entries(files).map(([name, content]) => [`openstack/${version}/${name}`, content] as const),
  )
  const ec2 = {
    'instance-id': `i-${uuidOf(instance.id).slice(0, 8)}`,
    hostname: instance.hostname,
    'local-hostname': instance.hostname,
    'public-keys': { '0': { 'openssh-key': instance.publicKey } },
  }
  return {
    ...Object.fromEntries(openstack),
    'ec2/latest/meta-data.json': JSON.stringify(ec2),
    'ec2/latest/user-data': instance.userData,
  }
}
