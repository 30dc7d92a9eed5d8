import { isUtf8 } from 'node:buffer'
import type { BuildPlan, Description, PlannedFile } from './engine.ts'

/** What a plan gives to its tool: its command lines, a word a line, and the texts that it writes for it. */
export function describePlan({ files, commands, disk, packages }: BuildPlan): Description[] {
  const lines = commands.flatMap(({ name, argv }) => [`${name}:`, ...argv.map((word) => `  ${word}`)])
  const texts = files
    .filter(({ path, isOfHost }) => isOfHost !== true && path !== disk && path !== packages)
    .flatMap(textOf)
  return [...(lines.length > 0 ? [{ name: 'commands', text: lines.join('\n') }] : []), ...texts]
}

function textOf({ path, content }: PlannedFile): Description[] {
  const bytes = Buffer.from(content)
  const isText = bytes.length > 0 && isUtf8(bytes) && !bytes.includes(0)
  return isText ? [{ name: path, text: bytes.toString('utf8') }] : []
}
