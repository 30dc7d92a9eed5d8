import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { run } from '#subprocess/run.ts'
import { recipeArguments } from './engines/mkosi/plan.ts'
import { readRecipe, recipeNames, recipesFolder } from './read-recipe.ts'
import { assertArchitecture, assertDescribed, assertFlavour, type Recipe } from './recipe.ts'

const summary = z.object({
  Images: z.tuple([
    z.object({
      Distribution: z.string(),
      Release: z.string(),
      Format: z.string(),
      Output: z.string(),
      Packages: z.array(z.string()),
      RemoveFiles: z.array(z.string()),
      PostInstallationScripts: z.array(z.string()),
      KernelCommandLine: z.array(z.string()),
      RepartDirectories: z.array(z.string()),
    }),
  ]),
})

async function readByMkosi(args: readonly string[]) {
  const { stdout } = await run('mkosi', ['--json', ...args, 'summary'])
  return summary.parse(JSON.parse(stdout)).Images[0]
}

const house = [recipesFolder]
const partsOf = ({ base, flavours }: Recipe) => [['base', base] as const, ...flavours]
const names = await recipeNames(house)
const withMkosi = existsSync('/usr/bin/mkosi')

const recipes = await Promise.all(names.map((name) => readRecipe(name, house)))
const partsForMkosi = recipes.flatMap((recipe) =>
  partsOf(recipe)
    .filter(([, { files }]) => files.has('mkosi.conf'))
    .map(([part, folders]) => ({ name: recipe.name, recipe, part, folders })),
)

describe('what recipes say to mkosi', () => {
  it.skipIf(!withMkosi).each(partsForMkosi)(
    'is understood by it, alone and as the builder calls it: $name $part',
    async ({ recipe, part, folders }) => {
      const alone = await readByMkosi(['--directory', folders.folder])
      expect(alone).toMatchObject({ Distribution: recipe.family, Release: recipe.release })
      expect(alone.Format).toBe(part === 'base' ? 'tar' : 'disk')
      expect(alone.Output).toBe(part === 'base' ? 'base' : 'image')
      expect(alone.RepartDirectories.length > 0).toBe(part !== 'base')
      expect(await readByMkosi(recipeArguments(recipe, folders))).toEqual(alone)
    },
  )
})

it('of which one has nothing to say to mkosi is for the next engine', async () => {
  const recipe = await readRecipe('fedora-19', house)
  expect(() => {
    assertDescribed(recipe, 'generic', 'mkosi.conf')
  }).toThrow(expect.objectContaining({ failureClass: 'environment', message: expect.stringMatching(/no mkosi\.conf/) }))
})

it('has the flavours that it has folders for', async () => {
  const recipe = await readRecipe('debian-12', house)
  expect([...recipe.flavours.keys()].toSorted()).toEqual(['ec2', 'generic'])
  assertFlavour(recipe, 'ec2')
  for (const other of ['base', 'tiny', 'constructor', '../debian-13/ec2']) {
    expect(() => {
      assertFlavour(recipe, other)
    }).toThrow(`the recipe debian-12 has no flavour ${other}; it has ec2, generic`)
  }
})

it('gives EC2 its datasource first, and its drivers to EC2 alone', async () => {
  const read = (path: string) => readFile(join(recipesFolder, 'debian', path), 'utf8')
  expect(await read('ec2/mkosi.extra/etc/cloud/cloud.cfg.d/99_datasources.cfg')).toContain('[Ec2, NoCloud, None]')
  expect(await read('ec2/mkosi.extra/etc/initramfs-tools/hooks/ec2')).toMatch(/nvme.*ena/)
  expect(await read('base/mkosi.skeleton/etc/initramfs-tools/hooks/cloud-image')).not.toMatch(/nvme|xen|ena\b/)
})

it('names the recipes that there are when it is asked for another', async () => {
  await expect(readRecipe('plan9', house)).rejects.toThrow(
    /there is no recipe plan9; there are debian-12, debian-13, fedora-19, fedora-43/,
  )
  await expect(readRecipe('../recipes/debian-12', house)).rejects.toThrow(/there is no recipe/)
})

it('refuses an architecture that a release no longer has', async () => {
  const fedora = await readRecipe('fedora-43', house)
  expect(() => {
    assertArchitecture(fedora, 'i686')
  }).toThrow('the recipe fedora-43 is not made for i686; it is made for x86_64, aarch64')
})

it.skipIf(!withMkosi)("keeps Fedora's own package sources, and finds the root by what it is told", async () => {
  const recipe = await readRecipe('fedora-43', house)
  const base = await readByMkosi(recipeArguments(recipe, recipe.base))
  expect(base.Packages).toContain('fedora-repos')
  const uuid = 'root=UUID=0637b6cc-1454-4096-a6ad-831d328d91c7'
  for (const [, folders] of recipe.flavours) {
    const image = await readByMkosi([...recipeArguments(recipe, folders), `--kernel-command-line=${uuid}`])
    expect(image.KernelCommandLine.filter((word) => word.startsWith('root='))).toEqual([uuid])
    expect(image.RemoveFiles.filter((path) => path.includes('yum.repos.d'))).toEqual([])
    expect(image.PostInstallationScripts.join()).toContain('fedora/image/mkosi.postinst.chroot')
  }
})

describe('folders from outside', () => {
  let outside: string
  beforeEach(async () => {
    outside = await mkdtemp(join(tmpdir(), 'imagedrop-recipes-'))
  })
  afterEach(async () => {
    await rm(outside, { recursive: true, force: true })
  })
  const add = async (path: string, content: string) => {
    await mkdir(dirname(join(outside, path)), { recursive: true })
    await writeFile(join(outside, path), content)
  }
  const debian14 = 'title: Debian 14\nfamily: debian\nrelease: forky\narchitectures: [x86_64]\n'

  it.skipIf(!withMkosi)("add a flavour to a recipe of the house, on the family's own way to make a disk", async () => {
    await add('debian-12/tiny/mkosi.conf', '[Content]\nPackages=tinysshd\n')
    const recipe = await readRecipe('debian-12', [recipesFolder, outside])
    expect([...recipe.flavours.keys()].toSorted()).toEqual(['ec2', 'generic', 'tiny'])
    const tiny = recipe.flavours.get('tiny')
    expect(tiny).toEqual({
      folder: join(outside, 'debian-12/tiny'),
      family: join(recipesFolder, 'debian/image'),
      files: new Set(['mkosi.conf']),
    })
    if (tiny === undefined) return
    expect(await readByMkosi(recipeArguments(recipe, tiny))).toMatchObject({
      Distribution: 'debian',
      Release: 'bookworm',
      Format: 'disk',
      Packages: ['tinysshd'],
    })
  })

  it.skipIf(!withMkosi)('add a recipe of a family of the house', async () => {
    await add('debian-14/recipe.yaml', debian14)
    await add('debian-14/base/mkosi.conf', '')
    await add('debian-14/ec2/mkosi.conf', '')
    expect(await recipeNames([recipesFolder, outside])).toEqual([...names, 'debian-14'].toSorted())
    const recipe = await readRecipe('debian-14', [recipesFolder, outside])
    const [ec2] = recipe.flavours.values()
    if (ec2 === undefined) throw new Error('there is no flavour')
    expect(await readByMkosi(recipeArguments(recipe, recipe.base))).toMatchObject({ Release: 'forky', Format: 'tar' })
    expect(await readByMkosi(recipeArguments(recipe, ec2))).toMatchObject({ Packages: ['amazon-ec2-utils'] })
  })

  it('bring their own family, which theirs take and the house does not', async () => {
    await add('debian-14/recipe.yaml', debian14)
    await add('debian-14/base/mkosi.conf', '')
    await add('debian/base/mkosi.conf', '')
    const roots = [recipesFolder, outside]
    expect((await readRecipe('debian-14', roots)).base.family).toBe(join(outside, 'debian/base'))
    expect((await readRecipe('debian-12', roots)).base.family).toBe(join(recipesFolder, 'debian/base'))
  })

  it('change nothing of what an earlier folder has', async () => {
    await add('debian-12/recipe.yaml', debian14)
    await add('debian-12/ec2/mkosi.conf', '')
    const { title, flavours } = await readRecipe('debian-12', [recipesFolder, outside])
    expect(title).toBe('Debian 12 (bookworm)')
    expect(flavours.get('ec2')?.folder).toBe(join(recipesFolder, 'debian-12/ec2'))
  })

  it('give another digest as soon as one file of the family changes, and no other family one', async () => {
    await cp(recipesFolder, outside, { recursive: true })
    const before = await readRecipe('debian-12', [outside])
    expect(before.digest).toBe((await readRecipe('debian-12', house)).digest)
    await add('debian/base/mkosi.skeleton/etc/hostname', 'other\n')
    expect((await readRecipe('debian-12', [outside])).digest).not.toBe(before.digest)
    expect((await readRecipe('fedora-43', [outside])).digest).toBe((await readRecipe('fedora-43', house)).digest)
  })
})
