import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const program = join(import.meta.dirname, 'imagedrop.js')
const scratch = await mkdtemp(join(tmpdir(), 'imagedrop-entry-'))
afterAll(() => rm(scratch, { recursive: true }))

/** The host's own commands: `npm` puts those of the project first. */
const hostPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
const oldNode = findOldNode()

function findOldNode(): string | null {
  const nodes = hostPath.map((folder) => join(folder, 'node')).filter((path) => existsSync(path))
  return (
    nodes.find((node) => Number.parseInt(spawnSync(node, ['-p', 'process.versions.node']).stdout.toString()) < 24) ??
    null
  )
}

/** As on a host whose own Node is the old one. */
async function onHost(command: string, args: readonly string[]) {
  const env = {
    HOME: scratch,
    PATH: [dirname(oldNode ?? ''), ...hostPath].join(delimiter),
    npm_config_registry: 'http://127.0.0.1:9',
  }
  return await new Promise<{ status: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(command, args, { env, cwd: root }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : error.code, stdout, stderr })
    })
  })
}

it('the Node that npm brings is of the version that is asked for', async () => {
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    dependencies: { node: string }
  }
  expect(await readFile(program, 'utf8')).toContain(`const wanted = ${dependencies.node.split('.')[0] ?? ''}\n`)
})

/**
 * npm links the project into a folder of its own to run it by name, and compares `engines` with the Node that runs npm; but
 * it is started by the Node of the project, so package.json makes no such demand.
 */
describe.skipIf(oldNode === null)('on a host whose Node is older than 24', () => {
  it.each([
    ['npx', 'npx', ['imagedrop']],
    ['npm exec', 'npm', ['exec', '--', 'imagedrop']],
    ['the file itself', program, []],
  ])('%s takes the Node of the project, and warns of nothing', async (_what, command, args) => {
    const { status, stdout, stderr } = await onHost(command, [...args, 'events'])
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toContain('drop.announced.v1')
  })

  it('a link to the file takes it, too', async () => {
    const link = join(scratch, 'imagedrop')
    await symlink(program, link)
    expect((await onHost(link, ['help'])).stdout).toContain('usage: imagedrop')
  })

  it('the old Node itself ends with one line that says which command to use', async () => {
    const { status, stdout, stderr } = await onHost(oldNode ?? '', [program, 'help'])
    expect(stdout).toBe('')
    expect(stderr).toMatch(
      /^imagedrop: needs Node 24 or newer, \S+ is v\d+\.\d+\.\d+: start \S+ itself or `npx imagedrop`.*\n$/,
    )
    expect(status).toBe(1)
  })

  it('where the Node of the project is missing the line says how to get it', async () => {
    await mkdir(join(scratch, 'checkout', 'cli'), { recursive: true })
    await cp(join(root, 'package.json'), join(scratch, 'checkout', 'package.json'))
    const copy = join(scratch, 'checkout', 'cli', 'imagedrop.js')
    await cp(program, copy)
    const { status, stderr } = await onHost(copy, ['help'])
    expect(stderr).toMatch(/^imagedrop: needs Node 24 .* run `npm ci` in \S+checkout\/, which brings it\n$/)
    expect(status).toBe(1)
  })
})
