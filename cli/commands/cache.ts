import { cacheOf, readConverterConfig } from '../../services/converter/config.ts'
import { clearPieces, listPieces, type KeptPiece } from '../../services/converter/pieces/piece-cache.ts'
import { defineCommand } from '../command.ts'
import { stateOption } from '../options.ts'
import { stateFolderOf } from '../stack.ts'
import { ageOf, renderTable } from '../view/table.ts'

export const cacheCommand = defineCommand({
  name: 'cache',
  summary: 'show what conversions keep of disks, so that equal parts are compressed once, or clear it',
  options: {
    clear: { means: 'remove all of it; the next conversions take longer and make the same files' },
    json: { means: 'print a JSON line for each kind of piece' },
    state: stateOption,
  },
  examples: ['cache', 'cache --clear'],
  exits: { 0: 'shown, or cleared', 1: 'the folder could not be read, or not be cleared' },
  async run({ values: { clear, json, state }, env }) {
    const { folder, limit } = cacheOf(readConverterConfig(env), stateFolderOf(state, env))
    const kinds = byKind(await listPieces(folder))
    if (clear) await clearPieces(folder)
    process.stdout.write(json ? linesOf(kinds) : `${tableOf(kinds, { folder, limit, cleared: clear }).join('\n')}\n`)
    return 0
  },
})

interface Kind {
  readonly kind: string
  readonly pieces: number
  readonly bytes: number
  readonly usedAt: string
}

function byKind(pieces: readonly KeptPiece[]): Kind[] {
  return [...Map.groupBy(pieces, ({ kind }) => kind)]
    .map(([kind, some]) => ({
      kind,
      pieces: some.length,
      bytes: some.reduce((sum, { size }) => sum + size, 0),
      usedAt: new Date(some.reduce((last, one) => Math.max(last, one.usedAt), 0)).toISOString(),
    }))
    .toSorted((one, other) => one.kind.localeCompare(other.kind))
}

function linesOf(kinds: readonly Kind[]): string {
  return kinds.map((kind) => `${JSON.stringify(kind)}\n`).join('')
}

interface Frame {
  readonly folder: string
  readonly limit: number
  readonly cleared: boolean
}

function tableOf(kinds: readonly Kind[], { folder, limit, cleared }: Frame): string[] {
  const now = new Date()
  const rows = kinds.map(({ kind, pieces, bytes, usedAt }) => [kind, String(pieces), mib(bytes), ageOf(usedAt, now)])
  const bytes = kinds.reduce((sum, kind) => sum + kind.bytes, 0)
  const whole = `${mib(bytes)} ${cleared ? 'cleared' : `of at most ${mib(limit)}`} in ${folder}`
  return rows.length === 0 ? [whole] : [...renderTable(['KIND', 'PIECES', 'SIZE', 'LAST USED'], rows), whole]
}

function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}
