import { createHash } from 'node:crypto'
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import type { Engine } from './engine.ts'
import type { NpmSettings } from './npm-settings.ts'

const standIns = join(import.meta.dirname, 'stand-ins')
const debian = 'imagedrop-stand-in:debian'
/** Tells which version of a folder here an image was made of. */
const label = 'imagedrop.stand-in'

/** The images of servers that compose.yaml names. */
export async function readServerImages(): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, '..', '..', 'compose.yaml'), 'utf8')
  return [...text.matchAll(/^ {4}image: ([\w:.-]+)$/gm)].map(([, name = '']) => name)
}

/** Sees to it that the engine has these images: it has them, or can pull them, or we make stand-ins (stand-ins/README.md). */
export async function provideBaseImages(engine: Engine, names: readonly string[], npm: NpmSettings): Promise<void> {
  for (const name of names) {
    const version = await versionOf(name)
    const madeOf = await standInVersionOf(engine, name)
    if (madeOf === '' || madeOf === version) continue
    if (madeOf === null && (await succeeds(engine.docker(['pull', '--quiet', name])))) continue
    if ((await standInVersionOf(engine, debian)) === null) await makeDebian(engine)
    await makeStandIn(engine, name, version, npm)
  }
}

/** Which version of ours the engine's image is: empty for one that is not ours, null when it has none. */
async function standInVersionOf(engine: Engine, image: string): Promise<string | null> {
  const format = `{{with .Config.Labels}}{{index . "${label}"}}{{end}}`
  return await engine.docker(['image', 'inspect', '--format', format, image]).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )
}

/** A digest of the folder that stands in for an image. */
async function versionOf(name: string): Promise<string> {
  const folder = join(standIns, kindOf(name))
  const hash = createHash('sha256')
  for (const file of (await readdir(folder)).toSorted()) hash.update(file).update(await readFile(join(folder, file)))
  return hash.digest('hex')
}

function kindOf(name: string): string {
  return name.split(':')[0] ?? ''
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

async function makeStandIn(engine: Engine, name: string, version: string, npm: NpmSettings): Promise<void> {
  const kind = kindOf(name)
  const context = await mkdtemp(join(tmpdir(), 'imagedrop-stand-in-'))
  try {
    await cp(join(standIns, kind), context, { recursive: true })
    if (kind === 'node') await addNode(context, npm)
    await engine.docker([
      'build',
      '--quiet',
      '--network',
      'host',
      '--label',
      `${label}=${version}`,
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

async function succeeds(command: Promise<unknown>): Promise<boolean> {
  return await command.then(
    () => true,
    () => false,
  )
}
