import { expect, it } from 'vitest'
import { authorize } from './keystone.ts'

/** What a Keystone whose catalog has these endpoints makes of an account. */
async function authorized(endpoints: Readonly<Record<string, string>>, region: string | null = null) {
  const catalog = Object.entries(endpoints).map(([type, url]) => ({
    type,
    endpoints: [{ interface: 'public', url, region_id: 'one' }],
  }))
  const token = { expires_at: '2030-01-01T00:00:00Z', project: { id: 'p' }, catalog }
  const auth = { auth_url: 'http://keystone.example.org', username: 'me', password: 'secret', project_name: 'p' }
  const cloud = { auth, interface: 'public', verify: true } as const
  const send = () =>
    Promise.resolve({
      status: 201,
      headers: { 'x-subject-token': 't' },
      text: JSON.stringify({ token }),
      bytes: Buffer.alloc(0),
    })
  return await authorize('here', cloud, region, send, AbortSignal.timeout(1_000))
}

it.each([
  ['image', 'https://cloud.example.org/image', 'https://cloud.example.org/image/v2'],
  ['image', 'https://cloud.example.org:9292/v2/', 'https://cloud.example.org:9292/v2'],
  ['compute', 'https://cloud.example.org/compute', 'https://cloud.example.org/compute/v2.1'],
  ['compute', 'https://cloud.example.org/v2.1/', 'https://cloud.example.org/v2.1'],
  ['compute', 'https://cloud.example.org/v2/0123abcd', 'https://cloud.example.org/v2.1/0123abcd'],
] as const)('of the service %s, the address %s is asked as %s', async (service, listed, asked) => {
  expect((await authorized({ [service]: listed })).addressOf(service)).toBe(asked)
})

it('a service that the catalog lacks is missed when it is asked, and not before', async () => {
  const { addressOf } = await authorized({ image: 'https://cloud.example.org/image' })
  expect(() => addressOf('compute')).toThrow('here: the catalog has 0 public compute services; regions are none')
})

it('a region that has none says which have one', async () => {
  const { addressOf } = await authorized({ image: 'https://cloud.example.org/image' }, 'two')
  expect(() => addressOf('image')).toThrow('here: the catalog has no public image service in two; regions are one')
})
