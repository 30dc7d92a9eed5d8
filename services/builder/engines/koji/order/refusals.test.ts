import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { classifyKoji, explainKoji } from '../classify.ts'
import { openBench, type Bench } from '../testing/bench.ts'
import { descriptions } from '../testing/descriptions.ts'
import { readKojiDescription } from './description.ts'
import { flattenKickstart } from './kickstart.ts'
import { planKoji } from './plan.ts'

describe('a description that cannot be', () => {
  let bench: Bench
  beforeEach(async () => {
    bench = await openBench()
  })
  afterEach(() => bench[Symbol.asyncDispose]())

  const changed = (kind: keyof typeof descriptions, from: RegExp | string, to: string) => {
    const description = descriptions[kind].replace(from, to)
    expect(description).not.toBe(descriptions[kind])
    return { description }
  }

  it.each([
    ['a distribution that Oz does not know', changed('image', 'Fedora-43', 'Debian-12'), /distro: is Fedora-NN/],
    ['a format that is no disk', changed('image', 'distro:', 'format: vagrant-libvirt\ndistro:'), /format: /],
    ['a version with a hyphen', changed('image', 'distro:', "version: '43-1'\ndistro:"), /version: .* no hyphen/],
    ['a kickstart above the recipe', changed('image', 'cloud.ks', '../cloud.ks'), /is a path below the recipe/],
    [
      'an architecture that may fail and is not built',
      changed('image', 'optional: [aarch64]', 'optional: [i686]'),
      /i686 is not among/,
    ],
    ['a key that there is not', changed('image', 'distro:', 'distribution:'), /Unrecognized key: "distribution"/],
    ['two architectures of an appliance', changed('appliance', '[x86_64]', '[x86_64, aarch64]'), /architectures: /],
    [
      'an attribute that kiwi would run as a program',
      changed('kiwi', 'format=qcow2', 'format="x")\\nimport os'),
      /attributes/,
    ],
    ['a description of no fixed state', changed('kiwi', '#0123abc', ''), /git\+https:\/\/…#COMMIT/],
    ['a flavour that is not described', { image: { flavour: 'azure' } }, /no flavour azure; it has generic, ec2/],
    [
      'an architecture that is not built',
      { image: { architecture: 'i686' as const } },
      /for x86_64, aarch64, not i686/,
    ],
    ['a scratch build by osbuild', { description: descriptions.osbuild }, /no scratch builds/],
  ])('%s is refused before the hub hears of it', async (_, changes, why) => {
    const error: unknown = await bench.plan(changes).catch((caught: unknown) => caught)
    expect(explainKoji(error)).toMatch(why)
    expect(classifyKoji(error)).toBe('refused')
    expect(bench.hub.heard).toEqual([])
  })

  it('is refused when the compose has no address that a builder could reach, or its version a hyphen', async () => {
    await bench.plan()
    const request = bench.request()
    const description = readKojiDescription(join(bench.folder, 'recipes', 'fedora-43'))
    const planned = (changes: object) => () =>
      planKoji({ ...request, compose: { ...request.compose, ...changes } }, description, '')
    expect(planned({ location: '/srv/compose' })).toThrow(/cannot reach the compose at \/srv\/compose/)
    expect(planned({ version: '43-Beta' })).toThrow(/has a hyphen/)
  })
})

describe('what the hub lets through though it must fail', () => {
  let bench: Bench
  beforeEach(async () => {
    bench = await openBench()
  })
  afterEach(() => bench[Symbol.asyncDispose]())

  it.each([
    [
      'a target that there is not',
      { description: descriptions.image.replace('f43', 'f99') },
      'environment',
      /no build target f99/,
    ],
    ['an architecture that the target does not build', {}, 'refused', /f43-build.* has no aarch64: x86_64/],
    [
      'a package that is not listed',
      { drop: 'milestone-Fedora-43-20261121.n.0' },
      'environment',
      /koji add-pkg --owner USER f43-updates-candidate Fedora-Cloud-Base/,
    ],
    ['a permission that we lack', {}, 'environment', /not the permission image/],
  ])('%s is told before anything is ordered', async (what, changes, kind, why) => {
    const { world } = bench.hub
    if (/architecture/.test(what)) Object.assign(world.tags[1] ?? {}, { arches: 'x86_64' })
    if (/package/.test(what)) world.packages.clear()
    if (/permission/.test(what)) for (const user of world.users) user.permissions.clear()
    const error: unknown = await bench.step(await bench.plan(changes)).catch((caught: unknown) => caught)
    expect(explainKoji(error)).toMatch(why)
    expect(classifyKoji(error)).toBe(kind)
    expect(world.tasks.size).toBe(0)
  })

  it('is told when the plugin is not there', async () => {
    bench.hub.world.plugins.delete('kiwi')
    const error: unknown = await bench
      .step(await bench.plan({ description: descriptions.kiwi }))
      .catch((caught: unknown) => caught)
    expect(explainKoji(error)).toBe('Koji has no kiwiBuild: the plugin for it is not there')
    expect(classifyKoji(error)).toBe('environment')
  })

  it('takes i686 for the i386 that the hub has', async () => {
    Object.assign(bench.hub.world.tags[1] ?? {}, { arches: 'x86_64 i386' })
    const description = descriptions.image.replaceAll('aarch64', 'i686')
    const step = await bench.step(await bench.plan({ description, image: { architecture: 'i686' } }))
    expect('wait' in step).toBe(true)
  })
})

describe('a kickstart', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'imagedrop-ks-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  const whole = 'rootpw --lock\nclearpart --all\nautopart\nreboot\n'
  const write = async (name: string, text: string) => {
    await mkdir(join(root, name, '..'), { recursive: true })
    await writeFile(join(root, name), text)
    return join(root, name)
  }

  it('gets what it includes in its place, and what that includes', async () => {
    await write('parts/b.ks', 'b1\n%include c/c.ks\nb2\n')
    await write('parts/c/c.ks', 'c\n')
    const path = await write('a.ks', `${whole}%include parts/b.ks\n%packages\n@core\n%end\n`)
    expect(flattenKickstart(path, root)).toBe(`${whole}b1\nc\nb2\n%packages\n@core\n%end\n`)
  })

  it.each([
    ['includes itself', '%include a.ks\n', /a\.ks, which includes a\.ks/],
    ['includes what there is not', '%include nothing.ks\n', /no kickstart a\.ks, which includes nothing\.ks/],
    ['includes a file of the host', '%include /etc/passwd\n', /includes \/etc\/passwd, which is no file beside it/],
    ['includes a file from elsewhere', '%include https://example.org/x.ks\n', /includes https:/],
    [
      'includes what lies above the recipes',
      '%include ../../../../../etc/hostname\n',
      /outside of the recipes|no kickstart/,
    ],
    ['includes a link out of the recipes', '%include link.ks\n', /outside of the recipes/],
  ])('that %s is refused', async (_, text, why) => {
    await symlink('/etc/hostname', join(root, 'link.ks'))
    const path = await write('a.ks', whole + text)
    expect(() => flattenKickstart(path, root)).toThrow(why)
  })

  it.each(['rootpw', 'clearpart', 'autopart', 'reboot'])(
    'without %s is refused: nobody would answer',
    async (command) => {
      const text = whole.replace(new RegExp(`^${command}.*\n`, 'm'), '')
      const hidden = `%post\n${command} in a script counts for nothing\n%end\n`
      const path = await write('a.ks', text + hidden)
      expect(() => flattenKickstart(path, root)).toThrow(new RegExp(`lacks .*${command}`))
    },
  )
})
