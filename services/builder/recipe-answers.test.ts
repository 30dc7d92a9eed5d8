import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { run } from '#subprocess/run.ts'
import { requestFor } from './engines/engine.contract.ts'
import { kickstartFor } from './engines/installer/kickstart.ts'
import { readRecipe, recipeNames, recipesFolder } from './read-recipe.ts'
import { answersOf, type Recipe } from './recipe.ts'

const minutes = 60_000
const recipes = await Promise.all((await recipeNames([recipesFolder])).map((name) => readRecipe(name, [recipesFolder])))
const withKickstarts = recipes.filter((recipe) => recipe.kickstart !== undefined)
const images = withKickstarts.flatMap((recipe) =>
  [...recipe.flavours.keys()].flatMap((flavour) =>
    recipe.architectures.map((architecture) => ({ name: recipe.name, recipe, flavour, architecture })),
  ),
)

describe("Fedora's own parser of kickstarts", () => {
  let bin: string
  let folder: string
  beforeAll(async () => {
    bin = await providePythonEnvironment('pykickstart', ['pykickstart==3.78'])
    folder = await mkdtemp(join(tmpdir(), 'imagedrop-kickstarts-'))
  }, 5 * minutes)
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  const validate = async (recipe: Recipe, text: string) => {
    const path = join(folder, 'image.ks')
    await writeFile(path, text)
    // It leaves what it has looked at among the temporary files.
    const env = { TMPDIR: folder }
    return await run(join(bin, 'ksvalidator'), ['-e', '-v', recipe.kickstart ?? '', path], { env, okCodes: [0, 1] })
  }

  it.each(images)('takes $name $flavour on $architecture, with not even a warning', async ({ recipe, ...image }) => {
    const { image: planned, ...request } = await requestFor(image)
    for (const from of ['tree', 'repositories'] as const) {
      const text = kickstartFor({ ...request, image: { ...planned, ...image }, recipe }, from)
      const { code, stdout } = await validate(recipe, text)
      expect({ code, said: stdout.trim().split('\n').slice(1) }).toEqual({ code: 0, said: [] })
    }
  })

  it('refuses a command that the claimed version does not have', async () => {
    const [recipe] = withKickstarts
    if (recipe === undefined) throw new Error('no recipe has a kickstart')
    expect((await validate(recipe, 'timesource --ntp-server=x\n')).code).toBe(1)
  })
})

const textOf = (name: string, flavour: string, architecture: 'i686' | 'x86_64' | 'aarch64') => {
  const found = recipes.find((recipe) => recipe.name === name)
  if (found === undefined) throw new Error(`there is no recipe ${name}`)
  return answersOf(found, { flavour, architecture }, ['kickstart']).text
}

it('Fedora 19 has the four images of the feature page, which differ in what they are made for and run on', () => {
  const ofFedora19 = images.filter(({ name }) => name === 'fedora-19')
  expect(ofFedora19.map(({ flavour, architecture }) => `${flavour} ${architecture}`).toSorted()).toEqual([
    'ec2 i686',
    'ec2 x86_64',
    'generic i686',
    'generic x86_64',
  ])
  expect(textOf('fedora-19', 'generic', 'i686')).toMatch(/^kernel-PAE$[^]*hwcap 1 nosegneg/m)
  expect(textOf('fedora-19', 'generic', 'x86_64')).not.toMatch(/PAE|nosegneg|menu\.lst/)
  expect(textOf('fedora-19', 'ec2', 'x86_64')).toMatch(/^kernel$[^]*\/boot\/grub\/menu\.lst/m)
})

it.each(images)('$name $flavour on $architecture keeps the rules of all installers', ({ recipe, ...image }) => {
  const { text } = answersOf(recipe, image, ['kickstart'])
  // livemedia-creator sets the display mode itself, and refuses a kickstart that does.
  expect(text).not.toMatch(/^(text|cmdline|graphical)\b/m)
  // It needs a network, an end, and sizes; Oz needs a disk that nothing is asked about.
  for (const command of ['network', 'shutdown', 'zerombr', 'clearpart --all --initlabel', 'rootpw --lock']) {
    expect(text).toMatch(new RegExp(`^${command}\\b`, 'm'))
  }
  expect([...text.matchAll(/^part .*$/gm)].every(([line]) => line.includes('--size='))).toBe(true)
  // Where the packages come from is the builder's business.
  expect(text).not.toMatch(/^(url|repo|nfs|cdrom|%include)\b/m)
})

it("today's Fedora has the same files in place by kickstart as by mkosi", async () => {
  const skeleton = join(recipesFolder, 'fedora/base/mkosi.skeleton')
  const text = textOf('fedora-43', 'generic', 'x86_64')
  for (const path of [
    'etc/ssh/sshd_config.d/10-keys-only.conf',
    'etc/locale.conf',
    'etc/cloud/cloud.cfg.d/10_cloud-image.cfg',
    'usr/lib/systemd/system-preset/00-cloud-image.preset',
  ]) {
    expect(text).toContain(`cat > /${path} <<'EOF'\n${await readFile(join(skeleton, path), 'utf8')}EOF\n`)
  }
  for (const flavour of ['generic', 'ec2']) {
    const own = join(recipesFolder, 'fedora', flavour, 'mkosi.extra/etc/cloud/cloud.cfg.d/99_datasources.cfg')
    expect(textOf('fedora-43', flavour, 'aarch64')).toContain(await readFile(own, 'utf8'))
  }
})

it("today's Fedora has the same packages by kickstart as by mkosi, but for what starts it", async () => {
  const conf = await readFile(join(recipesFolder, 'fedora/base/mkosi.conf'), 'utf8')
  const ofMkosi = (/^Packages=\n((?:[ \t]+.*\n)+)/m.exec(conf)?.[1] ?? '').split('\n').map((line) => line.trim())
  const wanted = ofMkosi.filter((line) => /^[a-z]/.test(line) && !['systemd', 'systemd-boot-unsigned'].includes(line))
  const packages = /^%packages [^\n]*\n([^]*?)^%end/m.exec(textOf('fedora-43', 'generic', 'x86_64'))?.[1]?.trim()
  expect(packages?.split('\n')).toEqual(wanted)
})

describe('a kickstart from outside', () => {
  let outside: string
  beforeEach(async () => {
    outside = await mkdtemp(join(tmpdir(), 'imagedrop-outside-'))
    await add('lean/recipe.yaml', 'title: L\nfamily: fedora\nrelease: "43"\narchitectures: [x86_64]\nkickstart: F43\n')
    await add('lean/base/kickstart.ks', 'skipx\n')
  })
  afterEach(async () => {
    await rm(outside, { recursive: true, force: true })
  })
  const add = async (path: string, content: string) => {
    await mkdir(dirname(join(outside, path)), { recursive: true })
    await writeFile(join(outside, path), content)
  }
  const read = () => readRecipe('lean', [recipesFolder, outside])

  it('may include its own files, and those of the house', async () => {
    await add('lean/tiny/kickstart-x86_64.ks', '%include ../base/kickstart.ks\nzerombr\n')
    expect((await read()).answers.get('tiny x86_64')).toEqual({ kind: 'kickstart', text: 'skipx\n\nzerombr\n' })
  })

  it.each([
    ['/etc/passwd', /there is no kickstart|outside/],
    ['../../../../../../../../etc/passwd', /lies outside of the recipes/],
    ['missing.ks', /there is no kickstart lean\/tiny\/kickstart-x86_64.ks, which includes lean\/tiny\/missing.ks/],
    ['kickstart-x86_64.ks', /includes itself/],
  ])('may not include %s', async (included, told) => {
    await add('lean/tiny/kickstart-x86_64.ks', `%include ${included}\n`)
    await expect(read()).rejects.toThrow(told)
  })

  it('is not there for an engine that reads other descriptions, which is no fault of the recipe', async () => {
    await add('lean/tiny/preseed.cfg', 'd-i a/b string c\n')
    const recipe = await read()
    const asked = () => answersOf(recipe, { flavour: 'tiny', architecture: 'x86_64' }, ['kickstart'])
    expect(asked).toThrow('the recipe lean has no kickstart for tiny on x86_64')
    expect(asked).toThrow(expect.objectContaining({ failureClass: 'environment' }))
  })
})
