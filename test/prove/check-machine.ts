import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { run } from '#subprocess/run.ts'
import { program } from '#test/line/scene.ts'
import { cloudInitFinished } from '../../services/boot-tester/checks/cloud-init/check.ts'
import { laterChecks } from '../../services/boot-tester/checks/index.ts'
import { followConsole } from '../../services/boot-tester/console/console.ts'
import { newInstance } from '../../services/boot-tester/datasources/instance.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { makeKeyPair } from '../../services/boot-tester/guest/key-pair.ts'
import { plainHardware } from '../../services/boot-tester/machines/hardware.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { buildDebian } from './support/build-debian.ts'
import { stopwatch } from './support/stopwatch.ts'
import { tallyOf } from './support/tally.ts'

const within = 1_800_000
const later = laterChecks.filter(({ on }) => on === 'reboot').map(({ name }) => name)

/**
 * Boots a Debian image, learns its host key from its console as people do in a cloud, and has `imagedrop check-machine` ask
 * it: as it is, with a unit that failed, with the wrong host key, with a key that it does not let in, and with a restart.
 * `npm run prove -- check-machine [DISK]`: another raw disk of that recipe.
 */
export async function prove(): Promise<boolean> {
  const [, , , given] = process.argv
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-check-machine-'))
  const disk = given ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (disk === null) return false
  const clock = stopwatch()
  await using guest = await bootGuest(disk, folder)
  console.log(`${clock()} the guest has booted`)
  const tally = tallyOf('check-machine')
  const ask = async (what: string, wanted: Wanted, args: readonly string[] = [], as: Partial<Access> = {}) => {
    await tally.try(what, async () => {
      const { status, said } = await checkMachine({ ...guest.access, ...as }, args)
      console.log(`${clock()} ${what}: exit status ${String(status)}\n${said}`)
      return status === wanted.status && wanted.says.test(said)
    })
  }

  // Debian has no policy of SELinux; everything else can be judged.
  const asItIs = /\nskipped +selinux .*\n[^]*\npassed: \d+ passed, 0 failed, 1 skipped\n/
  await ask('as it is', { status: 0, says: asItIs })
  await tellGuest(guest.access, 'sudo -n systemd-run --wait --unit=damage false || true')
  await ask('a unit failed', { status: 1, says: /\nfailed +failed-units .*damage/ }, ['--checks', 'ssh,failed-units'])
  const stranger = await makeKeyPair(await mkdtemp(join(folder, 'stranger-')), AbortSignal.timeout(within))
  const knownHostsFile = join(folder, 'known-as-another')
  await writeFile(knownHostsFile, `${hostNameOf(guest.access)} ${stranger.publicKey}\n`)
  const anotherHost = { status: 3, says: /Host key verification failed/ }
  await ask('another host key', anotherHost, ['--checks', 'ssh'], { knownHostsFile })
  const turnedAway = { status: 1, says: /\nfailed +ssh .*Permission denied/ }
  await ask('another key of the user', turnedAway, ['--checks', 'ssh'], stranger)

  await ask('restarted', { status: 0, says: /\npassed: 3 passed, 0 failed, 0 skipped\n/ }, [
    '--checks',
    'ssh',
    '--later',
    later.join(','),
  ])

  const isProven = tally.conclude()
  if (isProven) await rm(folder, { recursive: true })
  else console.log(`what was seen is in ${folder}`)
  return isProven
}

interface Wanted {
  readonly status: number
  readonly says: RegExp
}

interface Access {
  readonly port: number
  readonly privateKeyFile: string
  readonly knownHostsFile: string
}

/** A guest that may restart itself once, when it has told its host keys. */
async function bootGuest(path: string, folder: string): Promise<AsyncDisposable & { readonly access: Access }> {
  await using started = new AsyncDisposableStack()
  const signal = AbortSignal.timeout(within)
  const { privateKeyFile, publicKey } = await makeKeyPair(folder, signal)
  const cloud = started.use(await noCloud.open(newInstance({ nonce: 'c0ffee', publicKey }), folder, signal))
  const hostKeys: string[] = []
  const guest = followConsole([cloudInitFinished], {
    seconds: () => 0,
    onLine: (line) => {
      const key = /^ssh-ed25519 \S+/.exec(stripVTControlCharacters(line))?.[0]
      if (key !== undefined) hostKeys.push(key)
    },
  })
  const machine = createQemu({
    memoryMib: 1024,
    processors: 2,
    growBytes: 2 * 1024 ** 3,
    accelerator: 'auto',
    stateFolder: join(folder, 'boot-tester'),
    proveKvmWithin: 15_000,
  })
  const running = started.use(
    await machine.powerOn({
      architecture: 'x86_64',
      image: { path, size: (await stat(path)).size },
      hardware: plainHardware('x86_64'),
      cloud,
      resets: 1,
      folder,
      logs: { machine: join(folder, 'qemu.log'), console: join(folder, 'console.log') },
      signal,
      onConsole: guest.write,
    }),
  )
  const ended = running.ended.then((how) => {
    throw new Error(`the guest ended: ${how}`)
  })
  // Later it is the command that finds nobody there.
  ended.catch(() => {})
  await Promise.race([guest.seen(cloudInitFinished), ended])
  if (running.ssh === null || hostKeys.length === 0) throw new Error('the guest told no host key on its console')
  const access = { port: running.ssh.port, privateKeyFile, knownHostsFile: join(folder, 'known_hosts') }
  await writeFile(access.knownHostsFile, hostKeys.map((key) => `${hostNameOf(access)} ${key}\n`).join(''))
  const all = started.move()
  return { access, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** As ssh keeps a host of which it was told the port. */
function hostNameOf({ port }: Pick<Access, 'port'>): string {
  return `[127.0.0.1]:${String(port)}`
}

/** The real command; its exit status, and what it said on both streams. */
async function checkMachine({ port, privateKeyFile, knownHostsFile }: Access, args: readonly string[]) {
  let said = ''
  const where = ['--port', String(port), '--key', privateKeyFile, '--known-hosts', knownHostsFile, 'debian@127.0.0.1']
  const { code: status } = await run(program, ['check-machine', '--within', '1500', ...args, ...where], {
    deadline: within,
    okCodes: [0, 1, 2, 3],
    onLine: (line) => {
      said += `${line}\n`
    },
  })
  return { status, said }
}

async function tellGuest({ port, privateKeyFile, knownHostsFile }: Access, command: string): Promise<void> {
  const settings = [`UserKnownHostsFile="${knownHostsFile}"`, 'BatchMode=yes', 'ConnectTimeout=60']
  const options = [
    '-F',
    '/dev/null',
    '-i',
    privateKeyFile,
    '-p',
    String(port),
    ...settings.flatMap((one) => ['-o', one]),
  ]
  await run('ssh', [...options, 'debian@127.0.0.1', command], { deadline: 300_000 })
}
