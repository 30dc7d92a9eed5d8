// Proves that a machine which exists is asked and restarted by ssh alone: a guest of ours, to which the command is a stranger.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checks, laterChecks } from '../../services/boot-tester/checks/index.ts'
import { cloudInitFinished } from '../../services/boot-tester/checks/cloud-init/check.ts'
import { followConsole } from '../../services/boot-tester/console/console.ts'
import { newInstance } from '../../services/boot-tester/datasources/instance.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { makeKeyPair } from '../../services/boot-tester/guest/key-pair.ts'
import { plainHardware } from '../../services/boot-tester/machines/hardware.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { checkMachine } from '../../services/boot-tester/machines/ssh/check-machine.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { buildDebian } from './support/build-debian.ts'
import { stopwatch } from './support/stopwatch.ts'

const limit = 1_800_000

/**
 * Boots a Debian image, takes its host key from its console, as people do in clouds, and has everything asked of it that can be
 * asked of a machine, with a restart. `npm run prove -- machine [DISK]`.
 */
export async function prove(): Promise<boolean> {
  const [, , , given] = process.argv
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-machine-'))
  const disk = given ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (disk === null) return false
  const clock = stopwatch()
  const signal = AbortSignal.timeout(limit)
  const { publicKey, privateKeyFile } = await makeKeyPair(folder, signal)
  await using cloud = await noCloud.open(newInstance({ nonce: 'c0ffee', publicKey }), folder, signal)
  const hostKey = /^(ssh-ed25519 [A-Za-z0-9+/=]+) root@/
  const screen = followConsole([hostKey, cloudInitFinished], { seconds: () => 0 })
  await using guest = await createQemu({
    memoryMib: 1024,
    processors: 2,
    growBytes: 1024 ** 3,
    accelerator: 'auto',
    stateFolder: folder,
    proveKvmWithin: 15_000,
  }).powerOn({
    architecture: 'x86_64',
    image: { path: disk, size: (await stat(disk)).size },
    hardware: plainHardware('x86_64'),
    cloud,
    resets: 1,
    folder,
    logs: { machine: join(folder, 'qemu.log'), console: join(folder, 'console.log') },
    signal,
    onConsole: screen.write,
  })
  const ended = guest.ended.then((how) => {
    throw new Error(how)
  })
  const [{ match }] = await Promise.race([Promise.all([screen.seen(hostKey), screen.seen(cloudInitFinished)]), ended])
  console.log(`${clock()} the guest has finished its first boot`)
  const { host, port } = guest.ssh
  const knownHostsFile = join(folder, 'known_hosts')
  await writeFile(knownHostsFile, `[${host}]:${String(port)} ${match[1] ?? ''}\n`)
  const results = await checkMachine(
    { host, port, user: 'debian', privateKeyFile, knownHostsFile },
    {
      checks,
      later: laterChecks.filter((check) => check.on === 'reboot'),
      within: limit,
      nonce: 'c0ffee',
      log: join(folder, 'ssh.log'),
      signal,
      now: () => new Date(),
    },
  )
  for (const { name, outcome, detail } of results) console.log(`${outcome.padEnd(8)} ${name}: ${detail}`)
  console.log(`${clock()} it was asked before and after a restart`)
  const isProven = results.every(({ outcome }) => outcome === 'passed')
  if (isProven) await rm(folder, { recursive: true })
  return isProven
}
