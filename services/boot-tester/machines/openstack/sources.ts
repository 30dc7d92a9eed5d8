import type { Cloud, DataSource, NovaOrder } from '../../datasources/datasource.ts'

/** How Nova tells its guests who they are, by the names of our own imitations of it. */
const novaSources: readonly DataSource[] = [
  novaSource('configdrive', 'virtio'),
  novaSource('configdrive-ide', 'ide'),
  novaSource('configdrive-sata', 'sata'),
  novaSource('configdrive-scsi', 'scsi'),
  novaSource('openstack', null),
]

/** Their names. */
export const novaSourceNames = novaSources.map(({ name }) => name)

/** The data source of a name that was checked before. */
export function novaSourceNamed(name: string): DataSource {
  const found = novaSources.find((one) => one.name === name)
  if (!found) throw new RangeError(`Nova has no data source "${name}"; it has ${novaSourceNames.join(', ')}`)
  return found
}

function novaSource(name: string, configDrive: NovaOrder['configDrive']): DataSource {
  return {
    name,
    reportedAs: configDrive === null ? /DataSourceOpenStack/ : /DataSourceConfigDrive/,
    // Nova chooses it; the machine tells it.
    idOf: ({ id }) => id,
    open: (instance) => Promise.resolve(cloudOfItsOwn({ instance, configDrive })),
  }
}

/** The guest's cloud is where the machine is: nothing of it is made by us. */
function cloudOfItsOwn(order: NovaOrder): Cloud {
  return {
    identity: {},
    disks: [],
    servers: [],
    order,
    requests: () => [],
    requestLog: null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
