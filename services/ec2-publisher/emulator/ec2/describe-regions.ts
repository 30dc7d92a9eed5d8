import { refused } from '../api-error.ts'
import { regionsBeside } from '../regions.ts'
import type { Action } from './action.ts'
import { applyFilters } from './filters.ts'

/** DescribeRegions: those of the partition that are enabled for the account, or all, or those named. */
export const describeRegions: Action = {
  takes: 'RegionName.N AllRegions Filter.N.Name Filter.N.Value.N',
  run({ world, region, parameters }) {
    const names = parameters.texts('RegionName')
    const regions = regionsBeside(region, world.optedIn).map(({ name, partition, status }) => ({
      name,
      status,
      endpoint: `ec2.${name}.${partition.domain}`,
      tags: [],
    }))
    const unknown = names.filter((name) => !regions.some((one) => one.name === name))
    if (unknown.length > 0) throw refused('InvalidParameterValue', `Invalid region names ['${unknown.join("', '")}']`)
    const asked = regions.filter(({ name, status }) =>
      names.length > 0 ? names.includes(name) : parameters.flag('AllRegions') || status !== 'not-opted-in',
    )
    const found = applyFilters(asked, parameters, {
      endpoint: (one) => [one.endpoint],
      'opt-in-status': (one) => [one.status],
      'region-name': (one) => [one.name],
    })
    return {
      regionInfo: found.map((one) => ({
        regionName: one.name,
        regionEndpoint: one.endpoint,
        optInStatus: one.status,
      })),
    }
  },
}
