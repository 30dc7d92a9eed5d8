import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { requestFor } from '../engine.contract.ts'
import { planKiwi } from './plan.ts'

const load = 'import sys; from kiwi.xml_description import XMLDescription; XMLDescription(sys.argv[1]).load()'

/** Whether KIWI itself takes what we give to it; that it builds with it, `npm run prove -- kiwi` shows. */
describe.each(['kiwi==9.24.56 setuptools==80.9.0', 'kiwi==11.1.6'])('%s', (packages) => {
  let bin: string
  let work: string
  beforeAll(async () => {
    bin = await providePythonEnvironment('kiwi', packages.split(' '))
    work = await mkdtemp(join(tmpdir(), 'imagedrop-kiwi-'))
  })
  afterAll(async () => {
    await rm(work, { recursive: true, force: true })
  })
  const planned = async (flavour: string) => planKiwi(await requestFor({ flavour }), { work, cache: work })

  it.each(['generic', 'ec2'])('takes the description of %s for valid', async (flavour) => {
    const { files } = await planned(flavour)
    const path = join(work, `${flavour}.xml`)
    await writeFile(path, files.find((file) => file.path.endsWith('/config.xml'))?.content ?? '')
    await run(join(bin, 'python'), ['-c', load, path])
    await writeFile(path, '<image schemaversion="7.4" name="image"/>')
    await expect(run(join(bin, 'python'), ['-c', load, path])).rejects.toThrow(/KiwiDescriptionInvalid/)
  })

  it.skipIf(process.getuid?.() !== 0)('understands the arguments, and so misses the description', async () => {
    const argv: readonly string[] = (await planned('generic')).commands.at(-1)?.argv ?? []
    const args = argv.slice(argv.indexOf('kiwi-ng') + 1)
    for (const folder of ['description', 'temporary', 'kiwi-cache'])
      await mkdir(join(work, folder), { recursive: true })
    const error = await run(join(bin, 'kiwi-ng'), args).catch((thrown: unknown) => thrown)
    expect((error as ToolFailed).tail).toContain('KiwiConfigFileNotFound')
  })
})
