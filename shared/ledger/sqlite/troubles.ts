import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Troubles } from '../persist.ts'

/** https://www.sqlite.org/rescode.html; the lower eight bits of an extended code. */
const codes = { busy: 5, readonly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 }
const passing = new Set([codes.busy, codes.readonly, codes.io, codes.full, codes.cannotOpen])
const broken = new Set([codes.corrupt, codes.notADatabase])

const mebibyte = 1024 ** 2
/** The write-ahead log has up to 4 MiB, is copied into the file, and both grow with the drops. */
const roomForWork = 16 * mebibyte

/** What keeps a ledger in a file from its work. */
export function troublesOf(file: string): Troubles {
  return {
    classify(error) {
      const code = codeOf(error)
      if (code === null) return 'other'
      return passing.has(code) ? 'passing' : broken.has(code) ? 'broken' : 'other'
    },
    explain(error) {
      const said = error instanceof Error ? error.message : String(error)
      const code = codeOf(error)
      const folder = dirname(file)
      const { free, size } = roomIn(folder)
      // SQLite says "disk I/O error", too, when there is no room for what lies beside the file.
      if (code === codes.full || (code === codes.io && free < mebibyte)) {
        return `the ledger ${file} cannot be written, its disk is full: ${inMebibytes(free)} of ${inMebibytes(size)} are free, ${inMebibytes(roomForWork)} are wanted; make room in ${folder}`
      }
      if (code === codes.busy) return `the ledger ${file} is held by another process (${said})`
      if (code === codes.readonly || code === codes.cannotOpen) {
        return `the ledger ${file} cannot be written (${said}): this account needs write access to ${folder} and the files in it`
      }
      if (code !== null && broken.has(code)) {
        return `the ledger ${file} is broken (${said}): stop all processes that use it, then restore ${folder} from a backup, or move it away to begin anew; \`sqlite3 ${file} .recover\` prints what can be saved`
      }
      return `the ledger ${file} cannot be written (${said}): look at its disk`
    },
    persists: () => roomIn(dirname(file)).free < mebibyte,
  }
}

function codeOf(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null
}

function roomIn(folder: string): { free: number; size: number } {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return { free: bavail * bsize, size: blocks * bsize }
  } catch {
    return { free: Infinity, size: Infinity }
  }
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`
}
