import { messageOf } from '#service/errors.ts'
import type { Finding, HostCheck } from '#service/host-check.ts'
import { lookForAws } from './aws/credentials.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What the ec2-publisher wants of a host. */
export const hostChecks: readonly HostCheck[] = [
  {
    name: 'AWS credentials',
    weight: 'extra',
    look: ({ env }) => lookForAws(env),
    cost: 'EC2 is emulated: AMIs are registered nowhere but here',
    fix: 'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…',
  },
  {
    name: 'EC2 regions',
    weight: 'extra',
    look: ({ env }) => lookAtRegions(env),
    cost: 'images for EC2 fail before they are uploaded, or where a region is best effort are missing there',
    fix: 'as it says, then imagedrop retry DROP',
  },
]

/** The same looks as before the first upload of a drop, without waiting for what does not answer. */
async function lookAtRegions(env: Environment): Promise<Finding> {
  if ('missing' in lookForAws(env)) return { found: 'not looked at, without credentials' }
  // The SDK is large: whoever has no credentials does without.
  const { describeObstacles } = await import('./preflight/describe-obstacles.ts')
  try {
    return await describeObstacles(env)
  } catch (error) {
    return { missing: messageOf(error) }
  }
}
