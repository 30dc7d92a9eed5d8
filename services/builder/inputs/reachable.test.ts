import { expect, it } from 'vitest'
import { reachable } from './reachable.ts'
import { indexOf, type Packages } from './testing/small-archive.ts'

const main: Packages = {
  libc6: {},
  dash: { Essential: 'yes', Depends: 'libc6 (>= 2.36)' },
  'cloud-init': { 'Pre-Depends': 'python3:any', Depends: 'mta | postfix, gone', Recommends: 'eatmydata' },
  python3: {},
  exim4: { Provides: 'mta (= 4), mail-reader', Depends: 'libdb' },
  postfix: {},
  libdb: {},
  eatmydata: {},
  chromium: { Depends: 'libc6, libgtk' },
  libgtk: { Suggests: 'exim4' },
}
async function names(indexes: readonly Packages[], wanted: string[]) {
  const texts = indexes.map((packages) => ({ text: indexOf(packages) }))
  return (await reachable(texts, wanted)).map((paragraph) => /^Package: (.*)$/m.exec(paragraph)?.[1])
}

it('follows every alternative, provider and recommendation, from what is asked for and what no system goes without', async () => {
  expect(new Set(await names([main], ['cloud-init']))).toEqual(
    new Set(['cloud-init', 'dash', 'eatmydata', 'exim4', 'libc6', 'libdb', 'postfix', 'python3']),
  )
})

it('has a package from every suite that has it, and one that provides what is wanted from any', async () => {
  const security: Packages = { python3: { Version: '2' }, opensmtpd: { Provides: 'mta' }, chromium: { Version: '2' } }
  const found = await names([main, security], ['cloud-init'])
  expect(found.filter((name) => name === 'python3')).toHaveLength(2)
  expect(found).toContain('opensmtpd')
  expect(found).not.toContain('chromium')
})

it('says the same in whatever order suites list their packages', async () => {
  const turned = Object.fromEntries(Object.entries(main).toReversed())
  expect(await reachable([{ text: indexOf(turned) }], ['cloud-init'])).toEqual(
    await reachable([{ text: indexOf(main) }], ['cloud-init']),
  )
})
