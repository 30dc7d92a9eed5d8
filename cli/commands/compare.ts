import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareImages } from '#image/compare-images.ts'
import { messageOf } from '#service/errors.ts'
import { defineCommand } from '../command.ts'
import { renderComparison } from '../view/comparison.ts'

const fewLines = 20

export const compareCommand = defineCommand({
  name: 'compare',
  summary: 'tell in what two images differ: packages, units, users, kernel arguments, partitions, files',
  argument: { name: 'IMAGE', count: 2, means: 'a disk (raw, qcow2, raw.xz)' },
  options: {
    engines: { means: 'two engines made the images: allow also what they do differently of themselves' },
    all: { means: `show every difference; without it no more than ${String(fewLines)} lines of each kind` },
    json: { means: 'print one JSON document: every difference, and those that are allowed with the reason' },
  },
  examples: ['compare old.raw.xz new.qcow2'],
  exits: { 0: 'equal, but for what is allowed', 1: 'different', 3: 'an image cannot be read, and why is said' },
  async run({ values: { engines, all, json }, args: [a = '', b = ''] }) {
    const scratch = await mkdtemp(join(tmpdir(), 'imagedrop-compare-'))
    try {
      const images = [a, b].map((path) => ({ name: path, path })) as [Named, Named]
      const found = await compareImages(...images, { scratch, acrossEngines: engines })
      const lines = json ? [JSON.stringify(found)] : renderComparison(found, { lines: all ? Infinity : fewLines })
      process.stdout.write(`${lines.join('\n')}\n`)
      return found.equal ? 0 : 1
    } catch (error) {
      process.stderr.write(`imagedrop: ${messageOf(error)}\n`)
      return 3
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  },
})

interface Named {
  readonly name: string
  readonly path: string
}
