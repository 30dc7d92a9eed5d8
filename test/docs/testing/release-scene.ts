import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse, stringify } from 'yaml'
import { createScene, fastEngines, program, type Scene } from '#test/line/scene.ts'
import { openShell, type Shell } from './shell.ts'

type Condition = 'broken' | 'mended'

/** A host on which the release procedures are followed, and what its operator sees to. */
export interface ReleaseScene extends AsyncDisposable {
  readonly state: string
  /** Starts all services, in place of those that run; gives their address, which stays. */
  serve(conditions: { engine: Condition; region: Condition }): Promise<string>
  /** A shell in which `imagedrop` is a command, in a folder with the messages of the composes. */
  openShell(): Shell
}

/** Opens it: steps that do nothing, an emulated cloud, and mkosi, by which some images are built, broken. */
export async function openReleaseScene(): Promise<ReleaseScene> {
  const scene = await createScene()
  const bin = join(scene.root, 'bin')
  await mkdir(bin)
  await writeProgram(join(bin, 'imagedrop'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  await writeProgram(join(bin, 'mkosi'), brokenMkosi)
  const policy = join(scene.root, 'drops.yaml')
  await writePolicy(policy)
  await writeMessages(scene)
  const env = { IMAGEDROP_STATE: scene.state, PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  const { IMAGEDROP_BUILDER_ENGINE, ...fast } = fastEngines
  let port = '0'
  let running: ReturnType<Scene['start']> | null = null

  return {
    state: scene.state,
    async serve({ engine, region }) {
      if (running) {
        const ended = once(running, 'exit')
        running.kill('SIGTERM')
        await ended
      }
      running = scene.start(['up', '--port', port], {
        ...env,
        ...fast,
        IMAGEDROP_SCHEDULER_POLICY: policy,
        IMAGEDROP_EC2_PUBLISHER_REGIONS: region === 'broken' ? 'us-east-1,moon-1' : 'us-east-1',
        ...(engine === 'broken' ? {} : { IMAGEDROP_BUILDER_ENGINE }),
      })
      // A start that fails says why in the test's own output.
      running.stderr.pipe(process.stderr, { end: false })
      const url = await addressIn(running.stdout)
      port = new URL(url).port
      return url
    },
    openShell: () =>
      openShell({
        cwd: scene.root,
        env: { ...process.env, ...env, HOME: scene.root, NO_COLOR: '1' },
        patience: 120_000,
      }),
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  }
}

/** As on a host that lets nobody make user namespaces. */
const brokenMkosi = `#!/bin/sh
if [ "$1" = --version ]; then echo 'mkosi 26'; exit; fi
echo 'unshare: Operation not permitted' >&2
exit 1
`

async function writeProgram(path: string, text: string): Promise<void> {
  await writeFile(path, text)
  await chmod(path, 0o755)
}

/** The policy as shipped, with few images, of engines that are there and that are not. */
async function writePolicy(path: string): Promise<void> {
  const shipped = await readFile(join(import.meta.dirname, '..', '..', '..', 'deploy', 'drops.yaml'), 'utf8')
  const policy = parse(shipped) as { distributions: Record<string, unknown>[] }
  const why = 'for this test'
  const images = { architectures: ['x86_64'], flavours: ['generic'], engines: [{ engine: 'null', why }] }
  const particular: Record<string, object> = {
    'Fedora Rawhide': {
      architectures: ['x86_64', 'aarch64'],
      engines: [
        { engine: 'null', architectures: ['x86_64'], why },
        { engine: 'mkosi', architectures: ['aarch64'], why },
      ],
    },
    'Fedora 31-43': {
      engines: [
        { engine: 'null', kinds: ['milestone'], why },
        { engine: 'mkosi', kinds: ['weekly', 'nightly'], why },
      ],
    },
    'Debian 13': { flavours: ['ec2'] },
  }
  const distributions = policy.distributions.map((row) => ({
    ...row,
    ...images,
    ...particular[`${String(row['short'])} ${String(row['versions'])}`],
  }))
  await writeFile(path, stringify({ ...policy, distributions }))
}

/** A message for each compose that the procedures name, and an empty tree. */
async function writeMessages(scene: Scene): Promise<void> {
  for (const release of ['Debian-12', 'Debian-13', 'Fedora-43', 'Fedora-Rawhide']) {
    await scene.compose(`${release}-20261123.n.0`)
  }
  for (const [compose_date, compose_label] of [
    ['20260901', 'Beta-1.1'],
    ['20260908', 'Beta-1.2'],
  ]) {
    await scene.compose(`Fedora-43-${String(compose_date)}.0`, {
      compose_type: 'production',
      compose_label,
      compose_date,
      compose_respin: 0,
      release_short: 'Fedora',
      release_version: '43',
      release_type: 'ga',
    })
  }
}

/** What a process says of its address once it listens; the rest of what it says is let go. */
async function addressIn(output: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface(output)
  for await (const line of lines) {
    const { msg, url } = JSON.parse(line) as { msg?: string; url?: string }
    if (msg !== 'listening' || url === undefined) continue
    output.resume()
    return url
  }
  throw new Error('the services ended before they listened')
}
