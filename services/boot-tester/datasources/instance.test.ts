import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { run } from '#subprocess/run.ts'
import { defaultUserLine, newInstance } from './instance.ts'

const { userData } = newInstance({ nonce: 'c0ffee', publicKey: 'ssh-ed25519 AAAA boot-test' })

it('cloud-init takes the user data for its own', () => {
  expect(userData).toMatch(/^#cloud-config\n/)
})

it('the command of the last stage writes the line that we look for', async () => {
  const { runcmd } = parse(userData) as { runcmd: [string] }
  const { stdout } = await run('sh', [
    '-c',
    runcmd[0].replace('getent passwd 1000', 'echo debian:x:1000').replace('>/dev/console', ''),
  ])
  expect(defaultUserLine('c0ffee').exec(stdout)?.[1]).toBe('debian')
  expect(defaultUserLine('c0ffee').test('imagedrop-c0ffee default-user=<deb')).toBe(false)
})
