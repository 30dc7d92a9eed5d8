import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { MachineParts } from '../machine.ts'
import { createKvmProof } from './kvm-proof.ts'
import type { StartedQemu } from './start.ts'
import { plainHardware } from '../hardware.ts'

let folder: string
let device: string
let starts: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvm-proof-'))
  device = join(folder, 'kvm')
  starts = 0
  await writeFile(device, '')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** A machine that says this on its console and then nothing. */
function saying(text: string) {
  return (parts: MachineParts): Promise<StartedQemu> => {
    starts += 1
    setImmediate(() => {
      parts.onConsole(Buffer.from(text))
    })
    return Promise.resolve({
      accelerator: 'kvm',
      diskBytes: 0,
      ssh: { host: '127.0.0.1', port: 1 },
      ended: new Promise<string>(() => {}),
      powerDown: () => Promise.resolve(),
      reboot: () => Promise.resolve(),
      screenshot: () => Promise.resolve(false),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  }
}

const boots = saying('[    1.0] Run /init as init process\r\n')
const hangs = saying('Booting `Debian GNU/Linux`\r\n[    0.000000] Linux version 6.1.0\r\n')

function prove(start: ReturnType<typeof saying>, { host = 'this boot', kvm = device } = {}) {
  return createKvmProof({ folder, start, within: 50, device: kvm, host: () => Promise.resolve(host) })
}

const parts: MachineParts = {
  architecture: 'x86_64',
  image: { path: '/image', size: 1 },
  hardware: plainHardware('x86_64'),
  cloud: { identity: {}, disks: [], servers: [] },
  folder: '/folder',
  logs: { machine: '/logs/qemu.log', console: '/logs/console.log' },
  signal: new AbortController().signal,
  onConsole: () => {},
}

it('KVM works when an image reaches its user space, and that is remembered', async () => {
  expect(await prove(boots).works(parts)).toBe(true)
  expect(await prove(boots).works(parts)).toBe(true)
  expect(starts).toBe(1)
})

it('KVM does not work when the kernel hangs; it is held against KVM only when the image boots without it', async () => {
  const proof = prove(hangs)
  expect(await proof.works(parts)).toBe(false)
  expect(await proof.works({ ...parts, image: { path: '/another', size: 1 } })).toBe(false)
  expect(starts).toBe(2)
  await proof.imageIsGood('/image')
  expect(await proof.works(parts)).toBe(false)
  expect(await prove(boots).works(parts)).toBe(false)
  expect(starts).toBe(2)
})

it('an image that booted without having been tried with KVM proves nothing', async () => {
  const proof = prove(boots)
  await proof.imageIsGood('/image')
  expect(await proof.works(parts)).toBe(true)
})

it('a host that has started anew proves it again', async () => {
  expect(await prove(boots, { host: 'one boot' }).works(parts)).toBe(true)
  expect(await prove(hangs, { host: 'another boot' }).works(parts)).toBe(false)
})

it('images that come at the same time need one proof', async () => {
  const proof = prove(boots)
  expect(await Promise.all([proof.works(parts), proof.works(parts)])).toEqual([true, true])
  expect(starts).toBe(1)
})

it('a QEMU that gives up under KVM is as good as one that hangs', async () => {
  const proof = prove(() => Promise.reject(new Error("Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed")))
  expect(await proof.works(parts)).toBe(false)
})

it('a host without KVM needs no proof', async () => {
  expect(await prove(boots, { kvm: join(folder, 'nothing') }).works(parts)).toBe(false)
  expect(starts).toBe(0)
})

it('a broken record is proved again', async () => {
  await writeFile(join(folder, 'kvm.json'), '{"host":')
  expect(await prove(boots).works(parts)).toBe(true)
})
