// Proves the engine `oz` by Oz itself: `node test/prove/oz.ts [FOLDER]`, as root, with Debian's oz, libvirt-daemon,
// libvirt-daemon-driver-qemu, libvirt-clients, gpgv and iproute2. Oz installs a small Debian 13 from this host's own mirror
// by libvirt and QEMU without KVM; then the disk is booted until it asks who logs in. It takes an hour on a busy machine.
//
// Nothing of the host is changed: libvirt runs in network, mount and process namespaces of its own, with folders of its
// own, and reaches the mirror through this process alone. The package of Debian's network installer serves as its tree,
// for mirrors that keep packages only.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { run } from '#subprocess/run.ts'
import { createOzEngine } from '../../services/builder/engines/oz/engine.ts'
import { readHostMirror } from '../../services/builder/packages/host-mirror.ts'
import { readRecipe, recipesFolder } from '../../services/builder/read-recipe.ts'
import { boot } from './oz/boot.ts'
import { findInstaller, relay } from './oz/mirror.ts'
import { bridge, startLibvirt } from './oz/own-libvirt.ts'
import { address, preseed, suite } from './oz/small-debian.ts'

const minutes = 60_000
const patience = 90 * minutes

const [, , first = '', second = ''] = process.argv
if (first === 'inside') await inside(second)
else await outside(first === '' ? await mkdtemp(join(tmpdir(), 'imagedrop-prove-oz-')) : first)

async function outside(folder: string): Promise<void> {
  for (const tool of ['oz-install', 'libvirtd', 'virsh', 'unshare', 'ip', 'gpgv']) {
    if (!existsSync(`/usr/bin/${tool}`) && !existsSync(`/usr/sbin/${tool}`)) throw new Error(`${tool} is not installed`)
  }
  const host = await readHostMirror('debian')
  if (host === null) throw new Error('this host has no Debian mirror')
  const archive = host.archive.replace(/\/+$/, '')
  console.log(`in ${folder}`)
  await mkdir(folder, { recursive: true })
  const installer = await findInstaller(archive, folder)
  await using _relay = await relay(join(folder, 'relay.sock'), archive, installer)
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  // The first process of a namespace inherits its orphans, which bash sees off and Node does not: libvirt waits for that.
  const init = ['bash', '-c', '"$@"; exit $?', 'bash']
  const again = [process.execPath, fileURLToPath(import.meta.url), 'inside', folder]
  await run('unshare', [...namespaces, ...init, ...again], {
    deadline: patience,
    onLine: (line) => {
      console.log(line)
    },
  })
}

async function inside(folder: string): Promise<void> {
  await startLibvirt(folder)
  const began = performance.now()
  const disk = await build(folder)
  console.log(`built in ${seconds(began)} s: ${disk}`)
  const booting = performance.now()
  await boot(disk)
  console.log(`booted to its login in ${seconds(booting)} s`)
  // The daemon has no other end: with this process, everything in its namespace ends.
  process.exit(0)
}

async function build(folder: string): Promise<string> {
  const recipes = join(folder, 'recipes')
  await write(
    join(recipes, 'debian-13-small/recipe.yaml'),
    `title: Debian 13, small\nfamily: debian\nrelease: ${suite}\narchitectures: [x86_64]\n`,
  )
  for (const part of ['base', 'generic']) await write(join(recipes, 'debian-13-small', part, 'preseed.cfg'), preseed)
  const request = {
    drop: 'weekly-Debian-13-20260101.0',
    compose: {
      id: 'Debian-13-20260101.0',
      short: 'Debian',
      version: '13',
      type: 'production' as const,
      date: '20260101',
      respin: 0,
      label: null,
      location: `http://${address}/debian`,
      incomplete: false,
    },
    image: {
      flavour: 'generic',
      architecture: 'x86_64' as const,
      recipe: 'debian-13-small',
      engines: ['oz'],
      formats: [],
      targets: [],
    },
    recipe: await readRecipe('debian-13-small', [recipesFolder, recipes]),
    sources: { kind: 'apt' as const, suites: [{ url: `http://${address}/debian`, suite, optional: false }] },
  }
  const env = { IMAGEDROP_OZ_BRIDGE: bridge, IMAGEDROP_OZ_TYPE: 'qemu', IMAGEDROP_OZ_MEMORY: '1024' }
  const oz = createOzEngine({ env, deadline: 85 * minutes, idleDeadline: 10 * minutes })
  const folders = { work: join(folder, 'work'), cache: join(folder, 'cache') }
  for (const one of Object.values(folders)) await mkdir(one, { recursive: true })
  const signal = new AbortController().signal
  const startedAt = new Date()
  console.log(`Oz ${String(await oz.version())}`)
  const plan = oz.plan(request, folders)
  await oz.run(plan, {
    signal,
    log: pino({ level: 'silent' }),
    now: () => new Date(),
    logFile: join(folder, 'build.log'),
    folders,
    progress: ({ phase, done, total }) => {
      console.log(`${new Date().toISOString()} ${phase} (${String(done)} of ${String(total)})`)
    },
  })
  const { disk, packages } = await oz.collect(plan, startedAt, signal)
  const { packages: list } = JSON.parse(await readFile(packages, 'utf8')) as { packages: unknown[] }
  console.log(`${String(list.length)} packages`)
  return disk
}

function seconds(since: number): string {
  return String(Math.round((performance.now() - since) / 1000))
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}
