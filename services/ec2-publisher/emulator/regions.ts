/** Whether an account may use a region, as DescribeRegions words it. */
export type OptInStatus = 'opt-in-not-required' | 'opted-in' | 'not-opted-in'

export interface KnownRegion {
  readonly name: string
  readonly partition: Partition
  readonly status: OptInStatus
}

interface Partition {
  readonly id: string
  readonly domain: string
  readonly always: string
  /** Those that an account must enable first. */
  readonly optIn: string
}

/**
 * The regions by partition, of AWS's list "AWS Regions" (AWS Regions and Availability Zones). One account and its key
 * are good in all partitions here, which in AWS have accounts of their own.
 */
const partitions: readonly Partition[] = [
  {
    id: 'aws',
    domain: 'amazonaws.com',
    always:
      'ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 ' +
      'eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2',
    optIn:
      'af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ' +
      'ap-southeast-7 ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1',
  },
  { id: 'aws-cn', domain: 'amazonaws.com.cn', always: 'cn-north-1 cn-northwest-1', optIn: '' },
  { id: 'aws-us-gov', domain: 'amazonaws.com', always: 'us-gov-east-1 us-gov-west-1', optIn: '' },
  { id: 'aws-eusc', domain: 'amazonaws.eu', always: 'eusc-de-east-1', optIn: '' },
]

/** Which of the regions that must be enabled are. */
export type OptedIn = readonly string[] | 'all'

/** A region by name, or null when there is none. */
export function findRegion(name: string, optedIn: OptedIn): KnownRegion | null {
  const partition = partitions.find(({ always, optIn }) => `${always} ${optIn}`.split(' ').includes(name))
  return partition ? { name, partition, status: statusOf(name, partition, optedIn) } : null
}

/** Every region of the partition that a region is in. */
export function regionsBeside(name: string, optedIn: OptedIn): KnownRegion[] {
  const partition = findRegion(name, optedIn)?.partition
  if (!partition) return []
  const names = `${partition.always} ${partition.optIn}`.trim().split(' ')
  return names.map((one) => ({ name: one, partition, status: statusOf(one, partition, optedIn) }))
}

function statusOf(name: string, { always }: Partition, optedIn: OptedIn): OptInStatus {
  if (always.split(' ').includes(name)) return 'opt-in-not-required'
  return optedIn === 'all' || optedIn.includes(name) ? 'opted-in' : 'not-opted-in'
}
