import { azure } from './azure/datasource.ts'
import { cloudStack } from './cloudstack/datasource.ts'
import { configDrive, configDriveIde, configDriveSata, configDriveScsi } from './configdrive/datasource.ts'
import type { DataSource } from './datasource.ts'
import { ec2, ec2Old, ec2Optional } from './ec2/datasource.ts'
import { gce } from './gce/datasource.ts'
import { noCloud } from './nocloud/datasource.ts'
import { noCloudUrl } from './nocloud-url/datasource.ts'
import { openStack } from './openstack/datasource.ts'

/** Every way in which a guest can be told who it is. */
export const dataSources: readonly DataSource[] = [
  noCloud,
  noCloudUrl,
  configDrive,
  configDriveIde,
  configDriveSata,
  configDriveScsi,
  openStack,
  ec2,
  ec2Optional,
  ec2Old,
  cloudStack,
  gce,
  azure,
]

/** The data sources that a boot may name. */
export const dataSourceNames = dataSources.map(({ name }) => name)

/** The data source of a name that the policy was checked for. */
export function dataSourceNamed(name: string): DataSource {
  const found = dataSources.find((one) => one.name === name)
  if (!found) throw new RangeError(`there is no data source "${name}"; there are ${dataSourceNames.join(', ')}`)
  return found
}
