import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareImages } from '#image/compare-images.ts'
import type { Comparison } from '#image/comparison/comparison.ts'
import { messageOf } from '#service/errors.ts'
import { defineCommand } from '../command.ts'
import { findImage, type FindImageOptions } from '../find-image.ts'
import { stateOption } from '../options.ts'
import { waitForEnd } from '../signals.ts'
import { stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'
import { renderComparison } from '../view/comparison.ts'
import { safeText } from '../view/safe-text.ts'

const fewLines = 20

export const compareCommand = defineCommand({
  name: 'compare',
  summary: 'tell in what two images differ: packages, units, users, kernel arguments, partitions, files',
  argument: {
    name: 'IMAGE',
    count: 2,
    means: 'a disk (raw, qcow2, VHD, raw.xz), or an image of a drop by its name: DROP/generic.x86_64',
  },
  options: {
    engines: { means: 'two engines made the images: allow also what they do differently of themselves' },
    all: { means: `show every difference; without it no more than ${String(fewLines)} lines of each kind` },
    json: {
      means:
        'print one JSON document: every difference, and those that are allowed, by the reason; shared/image/comparison/comparison.ts has its shape',
    },
    state: stateOption,
  },
  examples: [
    'compare old.raw.xz new.qcow2',
    'compare weekly-Debian-12-20261114.n.0/generic.x86_64 weekly-Debian-12-20261121.n.0/generic.x86_64',
  ],
  exits: {
    0: 'equal, but for what is allowed',
    1: 'different',
    3: 'an image could not be read, and why is said',
  },
  async run({ values: { engines, all, json, state }, args: [a = '', b = ''], env }) {
    try {
      const found = await compare([a, b], { stateFolder: stateFolderOf(state, env), env, acrossEngines: engines })
      const lines = json ? [JSON.stringify(found)] : renderComparison(found, { lines: all ? Infinity : fewLines })
      process.stdout.write(`${lines.join('\n')}\n`)
      return found.equal ? 0 : 1
    } catch (error) {
      if (error instanceof UsageError) throw error
      process.stderr.write(`imagedrop: ${safeText(messageOf(error))}\n`)
      return 3
    }
  },
})

interface CompareOptions extends FindImageOptions {
  readonly acrossEngines: boolean
}

async function compare(
  [a, b]: readonly [string, string],
  { acrossEngines, ...finding }: CompareOptions,
): Promise<Comparison> {
  const [first, second] = [await findImage(a, finding), await findImage(b, finding)]
  const ending = new AbortController()
  void waitForEnd().then((signal) => {
    ending.abort(new Error(`stopped by ${signal}`))
  })
  const scratch = await mkdtemp(join(tmpdir(), 'imagedrop-compare-'))
  try {
    return await compareImages(first, second, { scratch, acrossEngines, signal: ending.signal })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
