import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { run } from '#subprocess/run.ts'
import { assertArchitecture, readRecipe, recipeNames, recipesFolder } from './recipe.ts'

const summary = z.object({
  Images: z.tuple([
    z.object({
      Distribution: z.string(),
      Release: z.string(),
      Format: z.string(),
      Output: z.string(),
      RepartDirectories: z.array(z.string()),
    }),
  ]),
})

const names = await recipeNames()

describe.each(names)('the recipe %s', (name) => {
  it.skipIf(!existsSync('/usr/bin/mkosi')).each(['base', 'generic', 'ec2'])(
    'is understood by mkosi: %s',
    async (part) => {
      const recipe = await readRecipe(name)
      const { stdout } = await run('mkosi', ['--json', '--directory', join(recipe.folder, part), 'summary'])
      const [config] = summary.parse(JSON.parse(stdout)).Images
      expect(config).toMatchObject({ Distribution: recipe.family, Release: recipe.release })
      expect(config.Format).toBe(part === 'base' ? 'tar' : 'disk')
      expect(config.Output).toBe(part === 'base' ? 'base' : 'image')
      expect(config.RepartDirectories.length > 0).toBe(part !== 'base')
    },
  )
})

it('gives EC2 its datasource first, and its drivers to EC2 alone', async () => {
  const read = (path: string) => readFile(join(recipesFolder, 'debian', path), 'utf8')
  expect(await read('ec2/mkosi.extra/etc/cloud/cloud.cfg.d/99_datasources.cfg')).toContain('[Ec2, NoCloud, None]')
  expect(await read('ec2/mkosi.extra/etc/initramfs-tools/hooks/ec2')).toMatch(/nvme.*ena/)
  expect(await read('base/mkosi.skeleton/etc/initramfs-tools/hooks/cloud-image')).not.toMatch(/nvme|xen|ena\b/)
})

it('names the recipes that there are when it is asked for another', async () => {
  await expect(readRecipe('plan9')).rejects.toThrow(
    /there is no recipe plan9; there are debian-12, debian-13, fedora-43/,
  )
  await expect(readRecipe('../recipes/debian-12')).rejects.toThrow(/there is no recipe/)
})

it('refuses an architecture that a release no longer has', async () => {
  const fedora = await readRecipe('fedora-43')
  expect(() => {
    assertArchitecture(fedora, 'i686')
  }).toThrow('the recipe fedora-43 is not made for i686; it is made for x86_64, aarch64')
})

it('has another digest as soon as one file of its family changes', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'imagedrop-recipes-'))
  try {
    await cp(recipesFolder, copy, { recursive: true })
    const before = await readRecipe('debian-12', copy)
    expect(before.digest).toBe((await readRecipe('debian-12')).digest)
    await writeFile(join(copy, 'debian/base/mkosi.skeleton/etc/hostname'), 'other\n')
    expect((await readRecipe('debian-12', copy)).digest).not.toBe(before.digest)
    expect((await readRecipe('fedora-43', copy)).digest).toBe((await readRecipe('fedora-43')).digest)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
})
