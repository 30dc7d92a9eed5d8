import { createHash } from 'node:crypto'
import { findRegion } from './regions.ts'
import type { Place } from './world.ts'

/** The key that AWS manages for EBS in an account and region, as `alias/aws/ebs` names it. */
export function defaultKmsKey({ owner, region }: Place): string {
  const partition = findRegion(region, 'all')?.partition.id ?? 'aws'
  const digits = createHash('sha256').update(`${owner} ${region}`).digest('hex')
  const id = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
  return `arn:${partition}:kms:${region}:${owner}:key/${id}`
}
