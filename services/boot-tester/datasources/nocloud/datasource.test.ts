import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { run } from '#subprocess/run.ts'
import { newInstance } from '../instance.ts'
import { noCloud, seedFiles } from './datasource.ts'

const instance = newInstance({ nonce: 'c0ffee', publicKey: 'ssh-ed25519 AAAA boot-test' })

it('the guest is told who it is and which key to let in', () => {
  expect(parse(seedFiles(instance)['meta-data'])).toEqual({
    'instance-id': 'imagedrop-c0ffee',
    'local-hostname': 'boot-test',
    'public-keys': ['ssh-ed25519 AAAA boot-test'],
  })
})

it('the disk has the label and the files that cloud-init looks for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seed-'))
  await using cloud = await noCloud.open(instance, folder, new AbortController().signal)
  const disk = cloud.disks[0]?.path ?? ''
  await using file = await open(disk)
  const label = Buffer.alloc(32)
  await file.read(label, 0, 32, 16 * 2048 + 40)
  expect(label.toString('latin1').trim().toLowerCase()).toBe('cidata')
  const copy = join(folder, 'copy')
  await run('xorriso', ['-osirrox', 'on', '-indev', disk, '-extract', '/user-data', copy])
  expect(await readFile(copy, 'utf8')).toBe(instance.userData)
  await rm(folder, { recursive: true, force: true })
})
