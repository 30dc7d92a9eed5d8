import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where what tests install for themselves is kept: it outlives the checkout, which a clean run makes anew. */
export function testCache(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? ''
  return join(cache === '' ? join(homedir(), '.cache') : cache, 'imagedrop-test')
}

/**
 * Fills a folder once on this machine, however many processes ask for it at the same time. What a killed process left
 * half done is made again. Give the hook that calls this the minutes that a first time may take.
 */
export async function makeOnce(folder: string, make: (folder: string) => Promise<void>): Promise<void> {
  const made = join(folder, '.made')
  if (existsSync(made)) return
  await mkdir(dirname(folder), { recursive: true })
  await using _lock = await lock(`${folder}.lock`)
  if (existsSync(made)) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  await make(folder)
  await writeFile(made, '')
}

/** A short name for what these files make of `inputs`: it changes with their content. */
export async function keyOfCode(files: readonly string[], ...inputs: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(input)
  for (const file of files) hash.update(basename(file)).update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}

/** The package managers' own settings: `run` passes a minimal environment only. */
export function installEnvironment(): Record<string, string> {
  const names = /^(PIP_|GO(PROXY|FLAGS|SUMDB|NOSUMDB|PRIVATE|NOPROXY)$|SSL_CERT_|REQUESTS_CA_BUNDLE$)/
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => names.test(entry[0])),
  )
}

async function lock(path: string): Promise<AsyncDisposable> {
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' })
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const holder = await readFile(path, 'utf8').catch(() => '')
    if (holder !== '' && !existsSync(`/proc/${holder}`)) await rm(path, { force: true })
    await sleep(200)
  }
}
