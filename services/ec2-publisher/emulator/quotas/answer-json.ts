import { z } from 'zod'
import { ApiError } from '../api-error.ts'
import type { Place, World } from '../world.ts'

/** AWS begins with so many public images per region (Service Quotas, "Public AMIs"). */
const defaultQuota = 5

const request = z.strictObject({
  ServiceCode: z
    .string()
    .max(63)
    .regex(/^[a-zA-Z][a-zA-Z0-9-]{1,63}$/),
  QuotaCode: z
    .string()
    .max(128)
    .regex(/^[a-zA-Z][a-zA-Z0-9-]{1,128}$/),
})

/** Answers one request of Service Quotas, of which one quota of EC2 is known here. Throws ApiError. */
export function answerQuota(world: World, { region, owner }: Place, operation: string, body: Buffer): object {
  const values: Readonly<Record<string, number>> = {
    GetServiceQuota: world.publicImageQuota,
    GetAWSDefaultServiceQuota: defaultQuota,
  }
  const value = Object.hasOwn(values, operation) ? values[operation] : undefined
  if (value === undefined) throw new ApiError(400, 'UnknownOperationException', `There is no operation ${operation}`)
  const { ServiceCode: service, QuotaCode: quota } = parse(body)
  if (service !== 'ec2') throw new ApiError(400, 'NoSuchResourceException', `The service ${service} does not exist`)
  if (quota !== 'L-0E3CBAB9') throw new ApiError(400, 'NoSuchResourceException', `The quota ${quota} does not exist`)
  const arn = `arn:aws:servicequotas:${region}:${owner}:ec2/${quota}`
  const names = {
    ServiceCode: service,
    ServiceName: 'Amazon Elastic Compute Cloud (Amazon EC2)',
    QuotaName: 'Public AMIs',
  }
  return {
    Quota: {
      ...names,
      QuotaArn: arn,
      QuotaCode: quota,
      Value: value,
      Unit: 'None',
      Adjustable: true,
      GlobalQuota: false,
    },
  }
}

function parse(body: Buffer): z.infer<typeof request> {
  try {
    return request.parse(JSON.parse(body.toString('utf8')))
  } catch (cause) {
    throw new ApiError(400, 'IllegalArgumentException', `The request is not well-formed: ${String(cause)}`)
  }
}
