import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { run } from '#subprocess/run.ts'
import { defaultUserLine, makeSeed, seedFiles } from './seed.ts'

const options = { nonce: 'c0ffee', publicKey: 'ssh-ed25519 AAAA boot-test' }

it('the guest is told who it is and which key to let in', () => {
  const files = seedFiles(options)
  expect(parse(files['meta-data'])).toEqual({
    'instance-id': 'imagedrop-c0ffee',
    'local-hostname': 'boot-test',
    'public-keys': ['ssh-ed25519 AAAA boot-test'],
  })
  expect(files['user-data']).toMatch(/^#cloud-config\n/)
})

it('the command of the last stage writes the line that we look for', async () => {
  const { runcmd } = parse(seedFiles(options)['user-data']) as { runcmd: [string] }
  const { stdout } = await run('sh', [
    '-c',
    runcmd[0].replace('getent passwd 1000', 'echo debian:x:1000').replace('>/dev/console', ''),
  ])
  expect(defaultUserLine('c0ffee').exec(stdout)?.[1]).toBe('debian')
  expect(defaultUserLine('c0ffee').test('imagedrop-c0ffee default-user=<deb')).toBe(false)
})

it('the disk has the label and the files that cloud-init looks for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seed-'))
  const disk = await makeSeed(folder, options, new AbortController().signal)
  await using file = await open(disk)
  const label = Buffer.alloc(32)
  await file.read(label, 0, 32, 16 * 2048 + 40)
  expect(label.toString('latin1').trim().toLowerCase()).toBe('cidata')
  const copy = join(folder, 'copy')
  await run('xorriso', ['-osirrox', 'on', '-indev', disk, '-extract', '/user-data', copy])
  expect(await readFile(copy, 'utf8')).toBe(seedFiles(options)['user-data'])
  await rm(folder, { recursive: true, force: true })
})
