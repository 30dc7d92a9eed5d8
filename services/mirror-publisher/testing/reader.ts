/**
 * A program that looks at one public folder as fast as it can and judges each look: nothing, a whole drop,
 * the note of one that was withdrawn, or a part. On SIGTERM it prints what it saw as JSON and ends.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
  type BigIntStats,
} from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const [folder = ''] = process.argv.slice(2)
const seen = { looks: 0, transitions: [] as string[], parts: [] as string[] }
const stop = new AbortController()
process.on('SIGTERM', () => {
  stop.abort()
})

writeSync(1, 'watching\n')
while (!stop.signal.aborted) {
  for (let round = 0; round < 5; round++) note(look())
  // Leaves the processor to the one that is watched.
  await setTimeout(1)
}
writeSync(1, JSON.stringify(seen))

function note(what: string | null): void {
  if (what === null) return
  seen.looks++
  if (seen.transitions.at(-1) !== what) seen.transitions.push(what)
}

/** The name of the drop, `withdrawn`, `nothing`, or null when the folder was replaced while we looked. */
function look(): string | null {
  let handle: number
  try {
    handle = openSync(folder, 'r')
  } catch (error) {
    if (isMissing(error)) return 'nothing'
    throw error
  }
  const before = fstatSync(handle, { bigint: true })
  try {
    // We may be root, or the owner: the world is neither.
    if (!isOpen(before.mode)) return 'nothing'
    return judge(`/proc/self/fd/${String(handle)}`)
  } catch (error) {
    // A folder that was taken away may be emptied; one that is still public may lack nothing.
    if (!isStillPublic(before)) return null
    seen.parts.push(String(error))
    return 'part'
  } finally {
    closeSync(handle)
  }
}

function judge(open: string): string {
  const names = readdirSync(`${open}/`)
  if (names.includes('withdrawn.json')) {
    if (names.length !== 3) throw new Error(`a note has ${names.join(', ')}`)
    return 'withdrawn'
  }
  const record = JSON.parse(readFileSync(`${open}/drop.json`, 'utf8')) as {
    drop: string
    files: { path: string; sha256: string }[]
  }
  for (const { path, sha256 } of record.files) {
    const found = createHash('sha256')
      .update(readFileSync(`${open}/${path}`))
      .digest('hex')
    if (found !== sha256) throw new Error(`${path} reads as ${found}`)
  }
  const files = readdirSync(`${open}/`, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  // Besides those that the record names: itself, and the list of checksums that is of all.
  if (files.length !== record.files.length + 2) throw new Error(`${String(files.length)} files are there`)
  return record.drop
}

/** A folder that was closed meanwhile, and perhaps opened again, has another change time. */
function isStillPublic(before: BigIntStats): boolean {
  try {
    const now = statSync(folder, { bigint: true })
    return now.ino === before.ino && isOpen(now.mode) && now.ctimeNs === before.ctimeNs
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

function isOpen(mode: bigint): boolean {
  return (mode & 0o005n) === 0o005n
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
