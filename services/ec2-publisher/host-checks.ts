import type { HostCheck } from '#service/host-check.ts'
import { lookForAws } from './aws/credentials.ts'

/** What the ec2-publisher wants of a host. */
export const hostChecks: readonly HostCheck[] = [
  {
    name: 'AWS credentials',
    weight: 'extra',
    look: ({ env }) => lookForAws(env),
    cost: 'EC2 is emulated: AMIs are registered nowhere but here',
    fix: 'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…',
  },
]
