import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provideBaseImages, readServerImages } from './base-images.ts'
import { provideEngine } from './engine.ts'
import { readNpmSettings } from './npm-settings.ts'

const made = new AsyncDisposableStack()

/** Provides one engine with the images of the servers, which all tests of `npm run test:containers` then find. */
export async function setup(): Promise<void> {
  const engine = made.use(await provideEngine())
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-images-'))
  made.defer(() => rm(folder, { recursive: true, force: true }))
  await provideBaseImages(engine, await readServerImages(), await readNpmSettings(folder))
  Object.assign(process.env, engine.env)
}

export async function teardown(): Promise<void> {
  await made.disposeAsync()
}
