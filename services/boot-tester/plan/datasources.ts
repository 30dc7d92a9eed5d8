import type { DataSource } from '../datasources/datasource.ts'
import { noCloud } from '../datasources/nocloud/datasource.ts'

/** The data sources that a boot may name. */
const datasources: readonly DataSource[] = [noCloud]

export const dataSourceNames = datasources.map(({ name }) => name)

/** The data source of a name that the policy was checked for. */
export function dataSourceNamed(name: string): DataSource {
  const found = datasources.find((one) => one.name === name)
  if (!found) throw new RangeError(`there is no data source "${name}"; there are ${dataSourceNames.join(', ')}`)
  return found
}
