import { expect, it } from 'vitest'
import { emulatorAccount } from './credentials.ts'
import { connectClients, setUpFrozen } from './testing/emulated-cloud.ts'

const clients = (endpoint: string, credentials: { accessKeyId: string; secretAccessKey: string }) =>
  connectClients(endpoint, { credentials })

it('refuses a request that is not signed, in the words of each service', async () => {
  await using bench = await setUpFrozen()
  const ec2 = await fetch(bench.emulator.url, { method: 'POST', body: 'Action=DescribeImages&Version=2016-11-15' })
  expect([ec2.status, await ec2.text()]).toEqual([401, expect.stringContaining('<Code>AuthFailure</Code>')])
  const ebs = await fetch(`${bench.emulator.url}/snapshots`, { method: 'POST', body: '{"VolumeSize":1}' })
  expect([ebs.status, ebs.headers.get('x-amzn-errortype')]).toEqual([403, 'MissingAuthenticationTokenException'])
})

it('refuses a key that it does not know and a secret that is wrong', async () => {
  await using bench = await setUpFrozen()
  const stranger = clients(bench.emulator.url, { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' })
  await expect(stranger.ec2.describeImages({})).rejects.toMatchObject({ name: 'AuthFailure' })
  await expect(stranger.ebs.startSnapshot({ VolumeSize: 1 })).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  })
  const wrong = clients(bench.emulator.url, { ...emulatorAccount, secretAccessKey: 'x' })
  await expect(wrong.ec2.describeImages({})).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
  await expect(wrong.ebs.startSnapshot({ VolumeSize: 1 })).rejects.toMatchObject({ name: 'InvalidSignatureException' })
})

it('refuses a signature of more than 15 minutes ago', async () => {
  await using bench = await setUpFrozen({ now: () => new Date(Date.now() + 16 * 60_000) })
  const { ec2, ebs } = clients(bench.emulator.url, emulatorAccount)
  await expect(ec2.describeImages({})).rejects.toMatchObject({ name: 'RequestExpired' })
  await expect(ebs.startSnapshot({ VolumeSize: 1 })).rejects.toMatchObject({ name: 'InvalidSignatureException' })
})

it('refuses a body of more than a block', async () => {
  await using bench = await setUpFrozen()
  const answer = await fetch(bench.emulator.url, { method: 'POST', body: 'x'.repeat(600_000) })
  expect(answer.status).toBe(413)
})
