// Plays an engine's tool: `play.ts MODULE FAULT_FILE ARGUMENT…`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** What is wrong with the run that makes the disk. */
export type Fault = 'none' | 'no list' | { readonly says: string; readonly code: number }

/** An engine's stand-in, as its `testing/tool.ts` has it. */
export interface PlayedTool {
  readonly command: string
  readonly needsRoot?: boolean
  run(argv: readonly string[]): {
    readonly says: readonly string[]
    readonly disk?: string
    /** Makes of the disk what such a run makes of it. */
    readonly fill?: (disk: string) => void
    readonly makes?: readonly { readonly path: string; readonly content: string }[]
    readonly mark: { readonly says: readonly string[] }
  }
}

const [, , module = '', faultFile = '', ...argv] = process.argv
const { tool } = (await import(module)) as { tool: PlayedTool }
const { says, disk, fill, makes = [], mark } = tool.run(argv)
const fault = disk === undefined ? 'none' : (JSON.parse(readFileSync(faultFile, 'utf8')) as Fault)
for (const line of says) console.log(line)
if (disk !== undefined) {
  mkdirSync(dirname(disk), { recursive: true })
  fill?.(disk)
  if (fault === 'no list') {
    const sector = Buffer.alloc(1024 * 1024)
    sector.writeUInt16BE(0x55aa, 510)
    writeFileSync(disk, sector)
  }
}
for (const { path, content } of makes) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}
if (typeof fault === 'object') console.log(fault.says)
for (const line of mark.says) console.log(line)
if (typeof fault === 'object') process.exitCode = fault.code
