import type { IAMClientConfig } from '@aws-sdk/client-iam'
import { codeOf } from '#publishing/sdk-errors.ts'

/** Who a role has to trust so that VM Import can act by it. */
const importer = 'vmie.amazonaws.com'

/** Why VM Import cannot act by a role; null when it can, or that cannot be learnt. */
export async function whyNoImporter(
  role: string,
  config: IAMClientConfig,
  abortSignal: AbortSignal,
): Promise<string | null> {
  const { IAM } = await import('@aws-sdk/client-iam')
  const client = new IAM(config)
  try {
    const { Role: found } = await client.getRole({ RoleName: role }, { abortSignal })
    const trusts = decodeURIComponent(found?.AssumeRolePolicyDocument ?? '')
    return trusts.includes(importer) ? null : `the role ${role} does not trust ${importer}`
  } catch (error) {
    abortSignal.throwIfAborted()
    // Credentials need not be allowed to ask: what is not known is no obstacle.
    return codeOf(error) === 'NoSuchEntityException' ? `there is no role ${role}` : null
  } finally {
    client.destroy()
  }
}
