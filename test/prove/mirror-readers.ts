import { execFile } from 'node:child_process'
import { chmod, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sha256OfFile } from '#artifacts/digest.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { candidate, keepImages, weekly } from '../../services/mirror-publisher/testing/drops.ts'
import { finishes } from '../../services/mirror-publisher/testing/finishes.ts'
import { startNginx } from '../../services/mirror-publisher/testing/nginx.ts'
import { published } from '../../services/mirror-publisher/testing/registered.ts'
import { startMaster } from '../../services/mirror-publisher/testing/rsync-daemon.ts'
import { openScene, type Scene } from '../../services/mirror-publisher/testing/scene.ts'
import { blessed, expired, ready, superseded } from '../../services/mirror-publisher/testing/speak.ts'

const call = promisify(execFile)

/** What a reader found wrong, and how often it looked. */
interface Findings {
  looks: number
  readonly faults: string[]
}

/**
 * Readers by HTTP (nginx), rsync, simplestreams and the file list look at a mirror all the time, while drops are opened, replaced
 * and withdrawn by processes that are killed at any moment: what they are told of, they find.
 */
export async function prove(): Promise<boolean> {
  const bin = await providePythonEnvironment('readers', ['productmd==1.51', 'python-simplestreams==0.1.0.post59'])
  await using scene = await openScene()
  // Servers have accounts of their own.
  await chmod(scene.home, 0o755)
  await using master = await startMaster('readers', { root: scene.mirror.root })
  await using nginx = await startNginx(scene.mirror.root)
  const done = new AbortController()
  const readers = {
    simplestreams: repeat(() => readSimplestreams(bin, nginx.url), done.signal),
    'file list': repeat(() => readFileList(nginx.url), done.signal),
    rsync: repeat(() => copyByRsync(master.publicAddress, join(scene.home, 'copy')), done.signal),
    '.staging': repeat(() => lookIntoStaging(nginx.url), done.signal),
  }
  const kills = await liveThrough(scene)
  done.abort()
  console.log(`${String(kills)} processes were killed`)
  let isProven = kills > 2
  for (const [name, reader] of Object.entries(readers)) {
    const { looks, faults } = await reader
    console.log(`${name}: looked ${String(looks)} times, ${String(faults.length)} faults`)
    for (const fault of faults.slice(0, 10)) console.log(`  ${fault}`)
    isProven &&= looks > 2 && faults.length === 0
  }
  return isProven
}

/** Two weekly drops, and a candidate that replaces another, to their ends; resolves with how often we were killed. */
async function liveThrough(scene: Scene): Promise<number> {
  const one = weekly(1, await keepImages(scene.store))
  const two = weekly(2, await keepImages(scene.store))
  const older = candidate(1, await keepImages(scene.store))
  const newer = candidate(2, await keepImages(scene.store))
  const life = [
    ready(one),
    blessed(one),
    published(one),
    blessed(older),
    ready(two),
    blessed(two),
    blessed(newer),
    superseded(one),
    expired(newer),
  ]
  let kills = 0
  for (const event of life) {
    for (let patience = 100 + 300 * Math.random(); !(await finishes(scene, event, patience)); kills++) {
      patience *= 1.5 + Math.random()
    }
  }
  return kills
}

async function repeat(look: () => Promise<string[] | null>, signal: AbortSignal): Promise<Findings> {
  const findings: Findings = { looks: 0, faults: [] }
  while (!signal.aborted) {
    const faults = await look()
    if (faults === null) continue
    findings.looks++
    findings.faults.push(...faults)
  }
  return findings
}

interface Named {
  readonly url: string
  readonly size: number
}

/**
 * Every file that an index names is there with its size. What is not may have been withdrawn since: then the index of now
 * does not name it either.
 */
async function findMissing(list: () => Promise<Named[]>): Promise<string[]> {
  const wrong = await notAsNamed(await list())
  if (wrong.length === 0) return []
  const now = new Set((await list()).map(({ url }) => url))
  const still = wrong.filter(({ url }) => now.has(url))
  return (await notAsNamed(still)).map(({ url }) => `${url} is not as the index says`)
}

async function notAsNamed(files: readonly Named[]): Promise<Named[]> {
  const wrong: Named[] = []
  for (const file of files) {
    const { ok, headers } = await fetch(file.url, { method: 'HEAD' })
    if (!ok || Number(headers.get('content-length')) !== file.size) wrong.push(file)
  }
  return wrong
}

async function readSimplestreams(bin: string, url: string): Promise<string[] | null> {
  if (!(await fetch(`${url}streams/v1/index.json`, { method: 'HEAD' })).ok) return null
  return await findMissing(async () => {
    const { stdout } = await call(join(bin, 'sstream-query'), [
      '--json',
      '--no-verify',
      `${url}streams/v1/index.json`,
      'datatype=image-downloads',
    ])
    const items = JSON.parse(stdout) as { item_url: string; size: string }[]
    return items.map(({ item_url, size }) => ({ url: item_url, size: Number(size) }))
  })
}

/** As quick-fedora-mirror does: the list first, then what it says is new. */
async function readFileList(url: string): Promise<string[] | null> {
  const address = `${url}fullfiletimelist-imagedrop`
  if (!(await fetch(address, { method: 'HEAD' })).ok) return null
  return await findMissing(async () => {
    const text = await (await fetch(address)).text()
    const lines = text.slice(text.indexOf('[Files]'), text.indexOf('[Checksums')).split('\n')
    // Indexes are older or newer than the list that names them; it is about trees.
    return lines.flatMap((line) => {
      const [, type, size, path = ''] = line.split('\t')
      return type === 'f' && /^(alt|releases)\//.test(path) ? [{ url: url + path, size: Number(size) }] : []
    })
  })
}

/** A copy that rsync says is whole, is whole. */
async function copyByRsync(address: string, target: string): Promise<string[] | null> {
  try {
    await call('rsync', ['-rlpt', '--delete', address, `${target}/`])
  } catch {
    return null
  }
  const faults: string[] = []
  const records = (await readdir(target, { recursive: true, withFileTypes: true })).filter(
    ({ name }) => name === 'drop.json',
  )
  for (const { parentPath } of records) {
    const { files } = JSON.parse(await readFile(join(parentPath, 'drop.json'), 'utf8')) as {
      files: { path: string; sha256: string }[]
    }
    for (const { path, sha256 } of files) {
      const found = await sha256OfFile(join(parentPath, path)).catch(String)
      if (found !== sha256) faults.push(`${path} reads as ${found}`)
    }
  }
  return faults
}

async function lookIntoStaging(url: string): Promise<string[]> {
  const { status } = await fetch(`${url}.staging/`)
  if (process.getuid?.() !== 0) return []
  return status === 403 || status === 404 ? [] : [`.staging answers ${String(status)}`]
}
