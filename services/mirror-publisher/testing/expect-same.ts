import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import type { TestMaster } from './rsync-daemon.ts'
import type { Scene } from './scene.ts'

/** Fails the test unless a master holds what ours holds, byte for byte, and nothing closed. */
export async function expectSame(scene: Scene, { root }: Pick<TestMaster, 'root'>): Promise<void> {
  const ours = (await readdir(scene.mirror.root, { recursive: true })).filter((path) => !path.startsWith('.staging'))
  const theirs = (await readdir(root, { recursive: true })).filter((path) => !path.startsWith('.staging'))
  expect(theirs.toSorted()).toEqual(ours.toSorted())
  for (const path of ours) {
    expect(await describe(join(root, path), path)).toEqual(await describe(scene.at(path), path))
  }
  expect(await readdir(join(root, '.staging'))).toEqual([])
}

async function describe(at: string, path: string) {
  const stats = await stat(at)
  return { path, mode: stats.mode, sha256: stats.isFile() ? await sha256OfFile(at) : null }
}
