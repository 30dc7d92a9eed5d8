import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cancelled, PermanentError, TransientError } from '#service/errors.ts'
import type { MachineParts } from '../machine.ts'
import { emulators } from './emulators.ts'
import { createQemu } from './qemu.ts'
import { pidOfQemu, toolsOfMachine } from '../../testing/pid-of-qemu.ts'
import { writeTalkingDisk } from '../../testing/talking-disk.ts'
import { plainHardware } from '../hardware.ts'

let folder: string
let disk: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qemu-test-'))
  disk = join(folder, 'disk.raw')
  await writeTalkingDisk(disk, { says: 'hello', next: 'hang' })
  await writeFile(join(folder, 'seed.iso'), Buffer.alloc(64 * 1024))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const small = {
  memoryMib: 64,
  processors: 1,
  growBytes: 1024 * 1024,
  accelerator: 'tcg',
  proveKvmWithin: 3_000,
} as const

function qemu(options: Partial<Parameters<typeof createQemu>[0]> = {}) {
  return createQemu({ ...small, stateFolder: join(folder, 'state'), ...options })
}

function parts(changes: Partial<MachineParts> = {}): MachineParts {
  return {
    architecture: 'x86_64',
    image: { path: disk, size: 1024 * 1024 },
    hardware: plainHardware('x86_64'),
    cloud: { identity: {}, disks: [{ path: join(folder, 'seed.iso'), bus: 'virtio' }], servers: [] },
    folder,
    logs: { machine: join(folder, 'qemu.log'), console: join(folder, 'console.log') },
    signal: new AbortController().signal,
    onConsole: () => {},
    ...changes,
  }
}

/** Boots the disk and waits until the guest has said something. */
async function bootUntil(text: string, changes: Partial<MachineParts> = {}, options: Parameters<typeof qemu>[0] = {}) {
  const heard = Promise.withResolvers<void>()
  let said = ''
  const machine = await qemu(options).powerOn(
    parts({
      ...changes,
      onConsole: (bytes) => {
        said += bytes.toString()
        if (said.includes(text)) heard.resolve()
      },
    }),
  )
  await heard.promise
  return machine
}

describe.each(['x86_64', 'i686'] as const)('a machine of %s', (architecture) => {
  it('shows what the guest writes to its serial console, as it comes and in a file', async () => {
    {
      await using machine = await bootUntil('hello', { architecture })
      expect(machine).toMatchObject({ accelerator: 'tcg', diskBytes: 2 * 1024 * 1024 })
    }
    expect(await readFile(join(folder, 'console.log'), 'utf8')).toBe('hello')
  })

  it('has a processor of which QEMU lacks nothing', async () => {
    {
      await using _machine = await bootUntil('hello', { architecture })
    }
    expect(await readFile(join(folder, 'qemu.log'), 'utf8')).toBe('')
  })
})

it('the image is not written to and the overlay is gone when the power is off', async () => {
  const before = await stat(disk)
  {
    await using _machine = await bootUntil('hello')
    expect(existsSync(join(folder, 'overlay.qcow2'))).toBe(true)
  }
  expect(existsSync(join(folder, 'overlay.qcow2'))).toBe(false)
  expect((await stat(disk)).mtimeMs).toBe(before.mtimeMs)
})

it('a screenshot is a PNG of the screen', async () => {
  await using machine = await bootUntil('hello')
  const path = join(folder, 'screen.png')
  expect(await machine.screenshot(path)).toBe(true)
  const png = await readFile(path)
  expect(png.toString('latin1', 1, 4)).toBe('PNG')
  expect(png.readUInt32BE(16)).toBe(720)
})

it('two machines at once have ssh ports of their own', async () => {
  await using one = await bootUntil('hello')
  await using other = await bootUntil('hello', {
    folder: await mkdtemp(join(folder, 'other-')),
  })
  expect(one.ssh?.port).not.toBe(other.ssh?.port)
})

it('a guest that resets itself has ended', async () => {
  await writeTalkingDisk(disk, { says: 'hello', next: 'reset' })
  await using machine = await bootUntil('hello')
  expect(await machine.ended).toBe('the guest reset itself')
})

it('a guest that may reset itself goes on, and one that does so again and again has ended', async () => {
  await writeTalkingDisk(disk, { says: 'hello', next: 'reset' })
  await using machine = await bootUntil('hello', { resets: 2 })
  expect(await machine.ended).toBe('the guest reset itself 3 times')
  // The end is told by another way than the console, whose last words may come a moment later.
  const hellos = async () => (await readFile(join(folder, 'console.log'), 'utf8')).match(/hello/g)?.length
  await expect.poll(hellos, { timeout: 20_000 }).toBeGreaterThanOrEqual(3)
})

it('a guest that hears the power button boots a second time, and powers itself off when it is pressed again', async () => {
  await writeTalkingDisk(disk, { says: 'hello', next: 'power-button' })
  await using machine = await bootUntil('hello')
  await machine.reboot(AbortSignal.timeout(20_000))
  await expect.poll(() => readFile(join(folder, 'console.log'), 'utf8'), { timeout: 20_000 }).toBe('hellohello')
  await machine.powerDown()
  expect(await machine.ended).toBe('the guest powered itself off')
})

it('a guest that does not hear the power button is not waited for longer than asked', async () => {
  await using machine = await bootUntil('hello')
  await expect(machine.reboot(AbortSignal.timeout(300))).rejects.toThrow(/timeout/)
})

it('UEFI firmware that finds nothing to start says so on the serial console, with a TPM that is gone when the power is off', async () => {
  {
    const hardware = { ...plainHardware('x86_64'), firmware: 'uefi', tpm: true } as const
    await using _machine = await bootUntil('BdsDxe: failed to load', { hardware }, { memoryMib: 128 })
    expect([...(await toolsOfMachine(folder)).keys()].toSorted()).toEqual(['qemu', 'swtpm'])
    expect(existsSync(join(folder, 'variables.fd'))).toBe(true)
  }
  expect((await toolsOfMachine(folder)).size).toBe(0)
  expect(['tpm', 'variables.fd'].filter((name) => existsSync(join(folder, name)))).toEqual([])
}, 300_000)

it('a machine whose TPM was ended by somebody else cannot be trusted any more', async () => {
  await using machine = await bootUntil('hello', { hardware: { ...plainHardware('x86_64'), tpm: true } })
  process.kill((await toolsOfMachine(folder)).get('swtpm') ?? 0, 'SIGKILL')
  await expect(machine.ended).rejects.toThrow(TransientError)
})

it('neither QEMU nor TPM outlives a process that is killed', async () => {
  const program = join(import.meta.dirname, '../../testing/power-on.ts')
  const owner = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(owner, 'exit')
  await once(owner.stdout, 'data')
  expect((await toolsOfMachine(folder)).size).toBe(2)
  owner.kill('SIGKILL')
  await gone
  await expect.poll(async () => (await toolsOfMachine(folder)).size, { timeout: 20_000 }).toBe(0)
})

it.each([
  [{ firmware: 'secure-boot', chipset: 'i440fx' }, 'secure-boot needs q35, not i440fx'],
  [{ chipset: 'q35', disk: 'ide' }, 'disks on ide need i440fx, not q35'],
  [{ chipset: 'virt' }, 'the chipset is one of i440fx, q35, not virt'],
] as const)('hardware that there is not is refused with its name: %o', async (changes, why) => {
  const powerOn = qemu().powerOn(parts({ hardware: { ...plainHardware('x86_64'), ...changes } }))
  await expect(powerOn).rejects.toThrow(`qemu-system-x86_64 has no such machine: ${why}`)
})

it.each(['SIGKILL', 'SIGTERM'] as const)(
  'QEMU ended by somebody else with %s is an error that may pass',
  async (signal) => {
    await using machine = await bootUntil('hello')
    process.kill(await pidOfQemu(folder), signal)
    await expect(machine.ended).rejects.toThrow(TransientError)
    await expect(machine.screenshot(join(folder, 'screen.png'))).rejects.toThrow(TransientError)
  },
)

it('a missing emulator is an error that names the package', async () => {
  const machine = qemu({
    emulators: { ...emulators, x86_64: { ...emulators.x86_64, tool: 'qemu-system-missing' } },
  })
  const powerOn = machine.powerOn(parts())
  await expect(powerOn).rejects.toThrow(PermanentError)
  await expect(powerOn).rejects.toThrow('qemu-system-missing is not installed: install qemu-system-x86')
  expect(existsSync(join(folder, 'overlay.qcow2'))).toBe(false)
})

it("a QEMU that does not want to start is an error in QEMU's words", async () => {
  const machine = qemu({
    emulators: { ...emulators, x86_64: { ...emulators.x86_64, screen: 'hologram' } },
  })
  const powerOn = machine.powerOn(parts())
  await expect(powerOn).rejects.toThrow(PermanentError)
  await expect(powerOn).rejects.toThrow("'hologram' is not a valid device model name")
})

it('missing firmware is an error that names the package', async () => {
  const machine = qemu({
    emulators: {
      ...emulators,
      aarch64: { ...emulators.aarch64, firmware: { uefi: [{ code: '/nowhere/QEMU_EFI.fd' }] } },
    },
  })
  const hardware = plainHardware('aarch64')
  await expect(machine.powerOn(parts({ architecture: 'aarch64', hardware }))).rejects.toThrow(
    /no UEFI firmware \(\/nowhere\/QEMU_EFI\.fd\): install .*qemu-efi-aarch64/,
  )
})

it('cancelling ends QEMU', async () => {
  const controller = new AbortController()
  await using machine = await bootUntil('hello', { signal: controller.signal })
  const pid = await pidOfQemu(folder)
  controller.abort(new Cancelled('by test'))
  await expect(machine.ended).rejects.toThrow('by test')
  await machine[Symbol.asyncDispose]()
  expect(existsSync(`/proc/${String(pid)}`)).toBe(false)
})

it('what a killed run has left does not stand in the way of the next', async () => {
  await writeFile(join(folder, 'overlay.qcow2'), 'half an overlay')
  const machine = await bootUntil('hello')
  await machine[Symbol.asyncDispose]()
  await using again = await bootUntil('hello')
  expect(again.diskBytes).toBe(2 * 1024 * 1024)
})
