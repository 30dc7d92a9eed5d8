import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { messageOf } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'
import { provideDebianTree } from '#test/fakes/compose/debian-tree.ts'
import { provideCompose, type TestCompose } from '#test/fakes/compose/make-compose.ts'
import { requestOf } from '#test/fakes/compose/request.ts'
import { serveFolder, type FolderServer } from '#test/fakes/compose/serve.ts'
import type { Engine } from '../../services/builder/engines/engine.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { bootDisk } from './support/boot-disk.ts'
import { stopwatch } from './support/stopwatch.ts'

const tools = ['dnf', 'rpmbuild', 'createrepo_c', 'bootctl', 'mkfs.vfat', 'mcopy']
const clock = stopwatch()
const say = (text: string) => {
  console.log(`${clock()} ${text}`)
}

/**
 * Builds both flavours of the recipe of Fedora 43 with mkosi and dnf, as root, from a compose whose packages are made of
 * Debian's files (test/fakes/compose/README.md says what that proves), and boots the generic one under the boot tester's checks.
 */
export async function prove(): Promise<boolean> {
  const missing = await missingTools()
  if (missing.length > 0) {
    console.log(`this host has no ${missing.join(', ')}: \`imagedrop doctor\` tells how to install them`)
    return false
  }
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-fedora-'))
  say(`in ${folder}; a tree of Debian 12, unless it is there`)
  const tree = await provideDebianTree()
  say('a compose of it, unless it is there')
  const compose = await provideCompose(tree)
  // Of one server, for the flavours share the base only when their packages come from the same place.
  await using server = await serveFolder(compose.folder)
  const ec2 = await build(compose, { flavour: 'ec2', folder, server })
  const generic = await build(compose, { flavour: 'generic', folder, server })
  if (ec2 === null || generic === null) return false
  const sound = [await inspect(ec2, folder, 'ec2'), await inspect(generic, folder, 'generic')]
  const image = { recipe: 'fedora-43', architecture: 'x86_64' as const, flavour: 'generic' }
  const known = { hostname: "Debian's units start cloud-init before the bus, by which its code for Fedora sets it" }
  const passed = (await bootDisk({ disk: generic, folder, image, known })) && sound.every(Boolean)
  if (passed) await rm(folder, { recursive: true })
  return passed
}

async function build(
  compose: TestCompose,
  { flavour, folder, server }: { flavour: string; folder: string; server: FolderServer },
): Promise<string | null> {
  const engine = createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 })
  const folders = { work: join(folder, flavour), cache: join(folder, 'cache') }
  for (const one of Object.values(folders)) await mkdir(one, { recursive: true })
  const plan = engine.plan(await requestOf(compose, { flavour, url: server.url }), folders)
  return await carryOut(engine, plan, { folders, logFile: join(folder, `${flavour}.log`) })
}

async function carryOut(
  engine: Engine,
  plan: ReturnType<Engine['plan']>,
  { folders, logFile }: { folders: { work: string; cache: string }; logFile: string },
): Promise<string | null> {
  const startedAt = new Date()
  const signal = new AbortController().signal
  const progress = ({ phase }: { phase: string }) => {
    say(phase)
  }
  try {
    await engine.run(plan, {
      signal,
      progress,
      log: pino({ level: 'silent' }),
      logFile,
      folders,
      now: () => new Date(),
    })
    const built = await engine.collect(plan, startedAt, AbortSignal.timeout(60_000))
    const { size, blocks } = await stat(built.disk)
    const { packages } = JSON.parse(await readFile(built.packages, 'utf8')) as { packages: unknown[] }
    say(`built: ${mebi(size)} MiB, ${mebi(blocks * 512)} MiB of them data, ${String(packages.length)} packages`)
    return built.disk
  } catch (error) {
    say(`failed (${engine.classify(error)}): ${engine.explain(error)}; its log: ${logFile}`)
    return null
  }
}

/** What is in the disk against what the recipe says of it. */
async function inspect(disk: string, folder: string, flavour: string): Promise<boolean> {
  const { stdout } = await run('sfdisk', ['--json', disk])
  const table = (JSON.parse(stdout) as { partitiontable: PartitionTable }).partitiontable
  const names = table.partitions.map((partition) => partition.name)
  const root = table.partitions.find(({ name }) => name === 'root')
  if (root === undefined) return report('partitions', names.join(', '), false)
  const file = join(folder, `${flavour}-root.ext4`)
  const sectors = { skip: String(root.start), count: String(root.size) }
  await run('dd', [
    `if=${disk}`,
    `of=${file}`,
    'bs=512',
    'conv=sparse',
    ...Object.entries(sectors).map((pair) => pair.join('=')),
  ])
  const read = async (path: string) => (await run('debugfs', ['-R', `cat ${path}`, file])).stdout
  const list = async (path: string) => (await run('debugfs', ['-R', `ls -p ${path}`, file])).stdout
  const shadow = await read('/etc/shadow')
  const wanted = await list('/etc/systemd/system/multi-user.target.wants')
  const packages = JSON.parse(await readFile(join(folder, flavour, 'output', 'packages.json'), 'utf8')) as PackageList
  const installed = new Set(packages.packages.map(({ name }) => name))
  const results = [
    report('partitions', names.join(', '), names.join() === 'esp,bios,root'),
    report('root is locked', '', /^root:!/m.test(shadow)),
    report(
      'sshd takes keys only',
      '',
      /PasswordAuthentication no/.test(await read('/etc/ssh/sshd_config.d/10-keys-only.conf')),
    ),
    report('machine-id is empty', '', (await read('/etc/machine-id')) === ''),
    report('networkd starts', '', /systemd-networkd\.service/.test(wanted)),
    report('it is Fedora', '', /^ID=fedora$/m.test(await read('/usr/lib/os-release'))),
    report('the flavour has its package', '', installed.has('amazon-ec2-utils') === (flavour === 'ec2')),
    report('dnf took the key', '', installed.has('gpg-pubkey')),
    report('the database of packages is there', '', /rpmdb/.test(await list('/usr/lib/sysimage/rpm'))),
  ]
  await rm(file)
  return results.every(Boolean)
}

interface PartitionTable {
  readonly partitions: readonly { readonly name: string; readonly start: number; readonly size: number }[]
}

interface PackageList {
  readonly packages: readonly { readonly name: string }[]
}

function report(what: string, found: string, isSo: boolean): boolean {
  console.log(`${isSo ? 'as said ' : 'NOT SO  '} ${what}${found === '' ? '' : `: ${found}`}`)
  return isSo
}

async function missingTools(): Promise<string[]> {
  const found = await Promise.all(
    tools.map(
      async (tool) =>
        await run(tool, ['--version'], { okCodes: [0, 1], deadline: 60_000 }).then(
          () => null,
          (error: unknown) => (/not installed/.test(messageOf(error)) ? tool : null),
        ),
    ),
  )
  return found.filter((tool) => tool !== null)
}

function mebi(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0)
}
