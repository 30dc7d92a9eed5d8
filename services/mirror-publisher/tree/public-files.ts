import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { MirroredFile } from '#events/vocabulary.ts'
import { describeFile } from '../durable.ts'
import { signedNames } from '../signing/sums.ts'
import { sumsOf } from './record.ts'
import type { Tree } from './stage.ts'

/** Every file of a tree as events name it: relative to the mirror root, the list of all of them and its signatures last. */
export async function publicFiles({ folder, record }: Tree): Promise<MirroredFile[]> {
  const there = signedNames.filter((name) => existsSync(join(folder, name)))
  const signed = await Promise.all(there.map((name) => describeFile(folder, name)))
  return [...sumsOf(record), ...signed].map((file) => ({ ...file, path: `${record.path}/${file.path}` }))
}
