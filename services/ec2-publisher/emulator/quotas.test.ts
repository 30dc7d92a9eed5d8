import { ServiceQuotas } from '@aws-sdk/client-service-quotas'
import { expect, it } from 'vitest'
import { emulatorAccount } from './credentials.ts'
import { setUpFrozen } from './testing/emulated-cloud.ts'

const publicImages = { ServiceCode: 'ec2', QuotaCode: 'L-0E3CBAB9' }

it('tells the quota of public images as it was raised, and the default (Service Quotas API, GetServiceQuota)', async () => {
  await using bench = await setUpFrozen({ publicImageQuota: 70 })
  const client = connect(bench.emulator.url)
  const { Quota: quota } = await client.getServiceQuota(publicImages)
  expect(quota).toMatchObject({
    QuotaName: 'Public AMIs',
    Value: 70,
    QuotaArn: 'arn:aws:servicequotas:eu-west-1:123456789012:ec2/L-0E3CBAB9',
  })
  expect((await client.getAWSDefaultServiceQuota(publicImages)).Quota?.Value).toBe(5)
})

it.each([
  ['a service that there is not', { ...publicImages, ServiceCode: 'ec3' }, 'NoSuchResourceException'],
  ['a quota that there is not', { ...publicImages, QuotaCode: 'L-00000000' }, 'NoSuchResourceException'],
  ['a code that is none', { ...publicImages, QuotaCode: 'no code' }, 'IllegalArgumentException'],
])('refuses %s (Service Quotas API, GetServiceQuota: Errors)', async (_, asked, name) => {
  await using bench = await setUpFrozen()
  await expect(connect(bench.emulator.url).getServiceQuota(asked)).rejects.toMatchObject({ name })
})

it('refuses a key that it does not know, and one that may not ask', async () => {
  await using bench = await setUpFrozen({ accounts: [{ ...emulatorAccount, denied: ['GetServiceQuota'] }] })
  const ask = (secretAccessKey: string) => connect(bench.emulator.url, secretAccessKey).getServiceQuota(publicImages)
  await expect(ask('wrong')).rejects.toMatchObject({ name: 'InvalidSignatureException' })
  await expect(ask(emulatorAccount.secretAccessKey)).rejects.toMatchObject({ name: 'AccessDeniedException' })
})

function connect(endpoint: string, secretAccessKey: string = emulatorAccount.secretAccessKey): ServiceQuotas {
  const credentials = { ...emulatorAccount, secretAccessKey }
  return new ServiceQuotas({ region: 'eu-west-1', endpoint, credentials, maxAttempts: 1 })
}
