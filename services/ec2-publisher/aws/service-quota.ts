import type { ServiceQuotas, ServiceQuotasClientConfig } from '@aws-sdk/client-service-quotas'
import { codeOf } from '#publishing/sdk-errors.ts'

/** A quota of EC2 as Service Quotas gives it for the account and region; null where that cannot be learnt. */
export async function askServiceQuota(
  QuotaCode: string,
  config: ServiceQuotasClientConfig,
  signal: AbortSignal,
): Promise<number | null> {
  const { ServiceQuotas } = await import('@aws-sdk/client-service-quotas')
  const client = new ServiceQuotas(config)
  const asked = { ServiceCode: 'ec2', QuotaCode }
  try {
    return (await applied(client, asked, signal)) ?? null
  } catch {
    signal.throwIfAborted()
    // Credentials need not be allowed to ask, and an endpoint may serve EC2 alone: what is not known is no obstacle.
    return null
  } finally {
    client.destroy()
  }
}

/** A quota that was never raised may be known by its default alone (Service Quotas API, GetServiceQuota). */
async function applied(
  client: ServiceQuotas,
  asked: { readonly ServiceCode: string; readonly QuotaCode: string },
  abortSignal: AbortSignal,
): Promise<number | undefined> {
  try {
    return (await client.getServiceQuota(asked, { abortSignal })).Quota?.Value
  } catch (error) {
    if (codeOf(error) !== 'NoSuchResourceException') throw error
    return (await client.getAWSDefaultServiceQuota(asked, { abortSignal })).Quota?.Value
  }
}
