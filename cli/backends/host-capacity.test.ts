import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { InvalidConfig } from '#service/config.ts'
import { openHostCapacity, runnable } from './host-capacity.ts'

it('finds out what this host has', async () => {
  const capacity = await (await openHostCapacity({}, join(tmpdir(), 'not', 'made', 'yet')))()
  expect(capacity).toMatchObject({ host: hostname(), cores: availableParallelism(), root: process.getuid?.() === 0 })
  expect(capacity.architectures.length).toBeGreaterThan(0)
  expect(capacity.memoryMib).toBeGreaterThan(100)
  expect(capacity.diskMib).toBeGreaterThan(0)
})

it('believes what it is told instead', async () => {
  const env = {
    IMAGEDROP_HOST_NAME: 'rack-7',
    IMAGEDROP_HOST_CORES: '1.5',
    IMAGEDROP_HOST_MEMORY_MIB: '2048',
    IMAGEDROP_HOST_DISK_MIB: '100',
    IMAGEDROP_HOST_KVM: 'no',
    IMAGEDROP_HOST_ROOT: 'yes',
    IMAGEDROP_HOST_ARCHITECTURES: 'x86_64,aarch64',
  }
  expect(await (await openHostCapacity(env, tmpdir()))()).toEqual({
    host: 'rack-7',
    cores: 1.5,
    memoryMib: 2048,
    diskMib: 100,
    kvm: false,
    root: true,
    architectures: ['x86_64', 'aarch64'],
  })
  await expect(openHostCapacity({ IMAGEDROP_HOST_ARCHITECTURES: 'vax' }, tmpdir())).rejects.toThrow(InvalidConfig)
})

it('runs what the kernel hands to an emulator, as long as it does', async () => {
  const binfmt = await mkdtemp(join(tmpdir(), 'imagedrop-binfmt-'))
  const own = await runnable(binfmt)
  const other = (['aarch64', 'x86_64'] as const).find((one) => !own.includes(one)) ?? 'none'
  const handler = join(binfmt, `qemu-${other}`)
  await writeFile(handler, 'enabled\ninterpreter /usr/libexec/qemu-binfmt/other\nflags: POCF\n')
  expect(new Set(await runnable(binfmt))).toEqual(new Set([...own, other]))
  await writeFile(handler, 'disabled\ninterpreter /usr/libexec/qemu-binfmt/other\n')
  expect(await runnable(binfmt)).toEqual(own)
  await rm(binfmt, { recursive: true })
})
