import { expect, it } from 'vitest'
import type { HostView } from '#service/host-check.ts'
import { hostChecks } from './host-checks.ts'
import { makeKey } from './testing/keys.ts'

const view = { path: [], stateFolder: '/nonexistent', isRoot: false, user: 'releng', kvmDevice: '/dev/kvm' }

async function look(name: string, env: HostView['env']) {
  return await hostChecks.find((one) => one.name === name)?.look({ ...view, env })
}

it('without a key nothing is missing, and it is said that drops are not signed', async () => {
  expect(await look('signing', {})).toEqual({ found: 'no key is set: drops are not signed' })
  expect(await look('signing key expiry', {})).toEqual({ found: 'no key is set' })
})

it('a key that expires soon is told with the day, one that cannot sign with the reason', async () => {
  await using key = await makeKey('releng@example.org', { expires: '10d' })
  const env = {
    IMAGEDROP_MIRROR_PUBLISHER_SIGNING_KEY: key.address,
    IMAGEDROP_MIRROR_PUBLISHER_SIGNING_HOME: key.home,
  }
  expect(await look('signing', env)).toEqual({ found: expect.stringMatching(/^OpenPGP [0-9A-F]{40}$/) as string })
  expect(await look('signing key expiry', env)).toEqual({
    missing: expect.stringMatching(/^it expires on \d{4}-\d\d-\d\d, in (9|10) days$/) as string,
  })
  const nobody = { ...env, IMAGEDROP_MIRROR_PUBLISHER_SIGNING_KEY: 'nobody@example.org' }
  await expect(look('signing', nobody)).rejects.toThrow('IMAGEDROP_MIRROR_PUBLISHER_SIGNING_KEY: gpg ended')
})
