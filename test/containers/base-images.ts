import { copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import type { Engine } from './engine.ts'
import type { NpmSettings } from './npm-settings.ts'

const standIns = join(import.meta.dirname, 'stand-ins')
const debian = 'imagedrop-stand-in:debian'

/** Sees to it that the engine has these images: it has them, or can pull them, or we make stand-ins (stand-ins/README.md). */
export async function provideBaseImages(engine: Engine, names: readonly string[], npm: NpmSettings): Promise<void> {
  for (const name of names) {
    if (await has(engine, name)) continue
    if (await succeeds(engine.docker(['pull', '--quiet', name]))) continue
    if (!(await has(engine, debian))) await makeDebian(engine)
    await makeStandIn(engine, name, npm)
  }
}

async function makeDebian(engine: Engine): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-debian-'))
  try {
    const root = join(folder, 'root')
    await run('debootstrap', ['--variant=minbase', 'bookworm', root], { log: join(folder, 'log') })
    await run('tar', ['-C', root, '-cf', join(folder, 'debian.tar'), '.'])
    await engine.docker(['import', join(folder, 'debian.tar'), debian])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeStandIn(engine: Engine, name: string, npm: NpmSettings): Promise<void> {
  const [kind = ''] = name.split(':')
  const context = await mkdtemp(join(tmpdir(), 'imagedrop-stand-in-'))
  try {
    await cp(join(standIns, kind), context, { recursive: true })
    if (kind === 'node') await addNode(context, npm)
    await engine.docker([
      'build',
      '--quiet',
      '--network',
      'host',
      '--tag',
      name,
      '--file',
      join(context, 'Containerfile'),
      context,
    ])
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

/** The Node that runs this test, and npm as a package. */
async function addNode(context: string, npm: NpmSettings): Promise<void> {
  await copyFile(process.execPath, join(context, 'node'))
  await run('npm', ['pack', 'npm@11', '--silent', '--pack-destination', context], { env: npm.env })
  await mkdir(join(context, 'npm'))
  await run('sh', ['-c', 'exec tar -xzf "$0"/npm-*.tgz -C "$0"/npm --strip-components=1', context])
}

async function has(engine: Engine, image: string): Promise<boolean> {
  return await succeeds(engine.docker(['image', 'inspect', image]))
}

async function succeeds(command: Promise<unknown>): Promise<boolean> {
  return await command.then(
    () => true,
    () => false,
  )
}
