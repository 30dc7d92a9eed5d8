import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { classifyKoji, explainKoji } from '../classify.ts'
import { kickstart, openBench, type Bench } from '../testing/bench.ts'
import { descriptions } from '../testing/descriptions.ts'
import { assertUnattended } from './unattended.ts'

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
    [
      'a kickstart without a source',
      changed('image', 'Base }', 'Base, kickstart: a.ks }'),
      /there is a source, and only/,
    ],
    [
      'a source without kickstarts',
      changed('image', 'distro:', 'source: git+https://x#1\ndistro:'),
      /there is a source/,
    ],
    [
      'a description above its repository',
      changed('kiwi', 'Fedora.kiwi', '../Fedora.kiwi'),
      /is a path in its repository/,
    ],
    [
      'an architecture that may fail and is not built',
      changed('image', 'optional: [aarch64]', 'optional: [i686]'),
      /i686 is not among/,
    ],
    ['a key that there is not', changed('image', 'distro:', 'distribution:'), /Unrecognized key: "distribution"/],
    [
      'architectures of an appliance',
      changed('appliance', 'target:', 'architectures: [x86_64]\ntarget:'),
      /architectures/,
    ],
    [
      'an attribute that kiwi would run as a program',
      changed('kiwi', 'format=qcow2', 'format="x")\\nimport os'),
      /attributes/,
    ],
    ['a description of no fixed state', changed('kiwi', '#0123abc', ''), /git\+https:\/\/…#COMMIT/],
  ])('%s is refused before the hub hears of it', async (_, changes, why) => {
    const error: unknown = await bench.plan(changes).catch((caught: unknown) => caught)
    expect(explainKoji(error)).toMatch(why)
    expect(classifyKoji(error)).toBe('refused')
    expect(bench.hub.heard).toEqual([])
  })

  it('is refused where a version has a hyphen', async () => {
    await expect(bench.plan({ compose: { version: '43-Beta' } })).rejects.toThrow(/has a hyphen/)
  })

  it.each([
    ['a flavour that is not described', { image: { flavour: 'azure' } }, /no entry in koji.yaml for azure/],
    [
      'an architecture that is not built',
      { image: { architecture: 'i686' as const } },
      /no entry in koji.yaml for i686/,
    ],
    ['a scratch build by osbuild', { description: descriptions.osbuild }, /no scratch builds/],
    ['a compose that has no address on the web', { compose: { location: '/srv/compose' } }, /cannot reach the compose/],
  ])('is left to the next engine: %s', async (_, changes, why) => {
    const error: unknown = await bench.plan(changes).catch((caught: unknown) => caught)
    expect(explainKoji(error)).toMatch(why)
    expect(classifyKoji(error)).toBe('environment')
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
    expect(step).toBeDefined()
  })
})

describe('a kickstart', () => {
  const whole = 'rootpw --lock\nclearpart --all\nautopart\nreboot\n'

  it.each(['rootpw', 'clearpart', 'autopart', 'reboot'])('without %s is refused: nobody would answer', (command) => {
    assertUnattended(whole, 'x')
    const text = whole.replace(new RegExp(`^${command}.*\n`, 'm'), '')
    const hidden = `%post\n${command} in a script counts for nothing\n%end\n`
    expect(() => {
      assertUnattended(text + hidden, 'fedora-43, generic.x86_64')
    }).toThrow(new RegExp(`fedora-43, generic.x86_64 lacks .*${command}`))
  })

  it('that is not the same for all that one task builds is refused', async () => {
    await using bench = await openBench()
    const plan = bench.plan({ otherKickstart: kickstart.replace('@core', '@core\ngrub2-efi-aa64') })
    await expect(plan).rejects.toThrow(/by one kickstart, and theirs are not the same/)
  })
})
