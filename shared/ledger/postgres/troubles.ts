import { DatabaseError } from 'pg'
import type { Troubles } from '../persist.ts'
import { ConnectionLost } from './errors.ts'

/**
 * SQLSTATEs that pass by themselves or when somebody has seen to the server: connection exceptions (08), lack of
 * resources (53), the server stops, starts or crashed (57P01-57P03), an I/O error (58030), a deadlock or a serialization
 * failure (40), a lock or statement that took too long, and a database that is read-only (25006), as a primary is that
 * became a standby.
 */
const passing = /^(08...|53...|57P0[123]|58030|40001|40P01|55P03|57014|25006|25P03)$/
/** Data (XX001) or an index (XX002) is damaged. */
const broken = /^XX00[12]$/

/** What keeps a ledger in PostgreSQL from its work. */
export function troublesOf(url: string): Troubles {
  const { host, pathname } = new URL(url)
  const ledger = `the ledger ${host}${pathname}`
  return {
    classify(error) {
      if (error instanceof ConnectionLost) return 'passing'
      if (!(error instanceof DatabaseError)) return 'other'
      const code = error.code ?? ''
      return passing.test(code) ? 'passing' : broken.test(code) ? 'broken' : 'other'
    },
    explain(error) {
      if (!(error instanceof DatabaseError)) {
        const reason = error instanceof Error ? error.message : String(error)
        return `${ledger} does not answer: ${reason}`
      }
      const { message, code = '', hint = '' } = error
      const said = `${message}${hint === '' ? '' : `; ${hint}`}`
      if (code === '53100') return `${ledger} cannot be written, the disk of its server is full: ${said}`
      if (code === '25006') {
        return `${ledger} cannot be written, it is read-only: ${said}; after a switch IMAGEDROP_LEDGER_URL must name the new primary`
      }
      if (broken.test(code)) {
        return `${ledger} is broken: ${said}; stop all processes that use it and restore the database from a backup`
      }
      return `${ledger} cannot work now: ${said}`
    },
  }
}
