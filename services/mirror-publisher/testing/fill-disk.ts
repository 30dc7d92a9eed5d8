/**
 * A program that leaves a tmpfs no room as soon as something has written so many bytes there: what knew that there was enough
 * room meets a full disk in the middle of its work. It says when it looks.
 */
import { spawnSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const [folder = '', bytes = ''] = process.argv.slice(2)
const used = () => {
  const { blocks, bfree, bsize } = statfsSync(folder)
  return (blocks - bfree) * bsize
}

const before = used()
process.stdout.write('looking\n')
while (used() - before < Number(bytes)) await setTimeout(1)
// What is written until then may not be shrunk away.
let ahead = 32_768
while (spawnSync('mount', ['-o', `remount,size=${String(used() + ahead)}`, folder]).status !== 0) ahead += 16_384
