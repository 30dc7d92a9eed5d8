import type { Call } from './boto3.ts'

/** What is there in a cloud. */
export interface Things {
  readonly ami: string
  readonly snapshot: string
  /** The name of a parameter of the type String. */
  readonly parameter: string
}

/** What is wrong, the code that AWS documents for it, and the request. */
export type BadRequest = readonly [string, string, (there: Things) => Call]

export const ec2 = (operation: string, parameters: object): Call => ({ service: 'ec2', operation, parameters })
export const ebs = (operation: string, parameters: object): Call => ({ service: 'ebs', operation, parameters })
export const ssm = (operation: string, parameters: object): Call => ({ service: 'ssm', operation, parameters })

export const noAmi = 'ami-0123456789abcdef0'

/** So many tags. */
export function tags(count: number): { Key: string; Value: string }[] {
  return Array.from({ length: count }, (_, n) => ({ Key: `k${String(n)}`, Value: '' }))
}
