import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareImages, type NamedImage } from '#image/compare-images.ts'
import { run } from '#subprocess/run.ts'
import { renderComparison } from '../../cli/view/comparison.ts'
import type { Engine } from '../../services/builder/engines/engine.ts'
import { createKiwiEngine } from '../../services/builder/engines/kiwi/engine.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { buildDebian, stopwatch } from './builds/build-debian.ts'
import { provideKiwi } from './builds/provide-kiwi.ts'

const limits = { deadline: 3_600_000, idleDeadline: 900_000 }

/**
 * Builds Debian 12 from its recipe with mkosi and with KIWI, as root: they are the same image but for what is allowed, and
 * each is the same as itself in another format.
 */
export async function prove(): Promise<boolean> {
  await provideKiwi()
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-compare-'))
  const images: NamedImage[] = []
  for (const engine of [createMkosiEngine(limits), createKiwiEngine(limits)]) {
    const path = await build(engine, join(folder, engine.id))
    if (path === null) return false
    images.push({ name: engine.id, path })
  }
  const [mkosi, kiwi] = images as [NamedImage, NamedImage]
  const qcow2 = { name: 'mkosi as qcow2', path: join(folder, 'disk.qcow2') }
  await run('qemu-img', ['convert', '-c', '-f', 'raw', '-O', 'qcow2', mkosi.path, qcow2.path])
  const results = [await compare(mkosi, qcow2, folder), await compare(mkosi, kiwi, folder)]
  const isProven = results.every(Boolean)
  if (isProven) await rm(folder, { recursive: true })
  return isProven
}

async function build(engine: Engine, folder: string): Promise<string | null> {
  await mkdir(folder)
  return await buildDebian(engine, folder)
}

async function compare(a: NamedImage, b: NamedImage, scratch: string): Promise<boolean> {
  const clock = stopwatch()
  const found = await compareImages(a, b, { scratch, acrossEngines: b.name === 'kiwi' })
  console.log(['', ...renderComparison(found, { lines: Infinity }), `${clock()} compared`].join('\n'))
  return found.equal
}
