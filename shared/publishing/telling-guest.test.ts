import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { run } from '#subprocess/run.ts'
import { facts, lineOf, tellingInstance } from './telling-guest.ts'

const { userData } = tellingInstance('c0ffee', 'ssh-ed25519 AAAAkey boot-test')

it('cloud-init takes the user data for its own, and runs the command when users and keys are there', () => {
  expect(userData).toMatch(/^#cloud-config\n/)
  const { cloud_init_modules: modules } = parse(userData) as { cloud_init_modules: string[] }
  expect(modules.at(-1)).toBe('bootcmd')
})

it('the command tells every fact in a line of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evidence-'))
  await mkdir(join(folder, '.ssh'))
  await writeFile(join(folder, '.ssh', 'authorized_keys'), 'ssh-ed25519 AAAAkey boot-test\nssh-rsa AAAA else\n')
  await writeFile(join(folder, 'datasource'), 'DataSourceNoCloud: DataSourceNoCloud [seed=/dev/vdb]\nmore\n')
  const { bootcmd } = parse(userData) as { bootcmd: [string] }
  const script = bootcmd[0]
    .replaceAll('getent passwd 1000', `echo debian:x:1000:1000::${folder}:/bin/sh`)
    .replace('/var/lib/cloud/instance/datasource', join(folder, 'datasource'))
    .replace('/var/lib/cloud/data/instance-id', join(folder, 'missing'))
    .replace('getent shadow "$user"', "echo 'debian:!$y$j9T:20000:0:99999:7:::'")
    .replace('>/dev/console', '')
  const { stdout } = await run('sh', ['-c', script])
  const told = Object.fromEntries(
    [...facts, 'end' as const].map((name) => [name, lineOf('c0ffee', name).exec(stdout)?.[1]]),
  )
  expect(told).toMatchObject({
    datasource: 'DataSourceNoCloud: DataSourceNoCloud [seed=/dev/vdb]',
    'instance-id': expect.stringContaining('No such file') as string,
    'default-user': 'debian',
    'authorized-keys': '1',
    password: '!',
    end: '',
  })
  await rm(folder, { recursive: true })
})
