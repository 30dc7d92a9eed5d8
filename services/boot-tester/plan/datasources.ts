import type { DataSource } from '../datasources/datasource.ts'
import { dataSources } from '../datasources/index.ts'

/** The data sources that a boot may name. */
export const dataSourceNames = dataSources.map(({ name }) => name)

/** The data source of a name that the policy was checked for. */
export function dataSourceNamed(name: string): DataSource {
  const found = dataSources.find((one) => one.name === name)
  if (!found) throw new RangeError(`there is no data source "${name}"; there are ${dataSourceNames.join(', ')}`)
  return found
}
