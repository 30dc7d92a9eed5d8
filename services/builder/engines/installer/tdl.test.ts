import { describe, expect, it } from 'vitest'
import { readRecipe, recipesFolder } from '../../read-recipe.ts'
import type { InstallerAnswers } from '../../recipe.ts'
import { requestFor } from '../engine.contract.ts'
import { ozOrder } from './tdl.ts'
import { faultsOf } from './testing/tdl-grammar.ts'

const fedora = async (recipe: string, architecture: 'i686' | 'x86_64' | 'aarch64') => ({
  ...(await requestFor({ architecture })),
  recipe: await readRecipe(recipe, [recipesFolder]),
})

describe('the template for Oz', () => {
  it.each([
    ['fedora-19', 'i686', 19],
    ['fedora-43', 'aarch64', 43],
    ['fedora-rawhide', 'x86_64', 30],
  ] as const)("keeps to Oz's grammar: %s on %s", async (recipe, architecture, version) => {
    const { template } = ozOrder(await fedora(recipe, architecture))
    expect(faultsOf(template)).toEqual([])
    expect(template).toContain(`<version>${String(version)}</version>`)
  })

  it('installs from the tree of the compose', async () => {
    const repositories = ['http://c.example.org/a&b/os']
    const request = { ...(await fedora('fedora-43', 'x86_64')), sources: { kind: 'dnf' as const, repositories } }
    expect(ozOrder(request).template).toContain('<url>http://c.example.org/a&amp;b/os</url>')
  })

  it('has Debian installed as the newest that Oz has heard of, with the archive in the preseed', async () => {
    const suites = [{ url: 'http://m.example.org:8080/debian', suite: 'bookworm', optional: false }]
    const request = await requestFor()
    const answers = new Map<string, InstallerAnswers>([
      ['generic x86_64', { kind: 'preseed', text: 'd-i x/y string z\n' }],
    ])
    const order = ozOrder({ ...request, recipe: { ...request.recipe, answers }, sources: { kind: 'apt', suites } })
    expect(faultsOf(order.template)).toEqual([])
    expect(order.template).toMatch(
      /<version>9<[^]*\/debian\/dists\/bookworm\/main\/installer-amd64\/current\/images\/netboot</,
    )
    expect(order.answers.text).toMatch(
      /hostname string m\.example\.org:8080\n[^]*suite string bookworm\nd-i x\/y string z\n$/,
    )
  })
})

describe('our reading of the grammar', () => {
  const good = `<template version="1.0"><name>n</name><os><name>Fedora</name><version>19</version><arch>i386</arch>
    <install type="url"><url>http://x</url></install></os><disk><size>10</size></disk></template>`

  it('takes what Oz takes', () => {
    expect(faultsOf(good)).toEqual([])
  })

  it.each([
    ['an architecture of ours', good.replace('i386', 'i686')],
    ['a version of the grammar that there is not', good.replace('"1.0"', '"2.0"')],
    ['no name', good.replace('<name>n</name>', '')],
    ['two names', good.replace('<name>n</name>', '<name>n</name><name>m</name>')],
    ['an element that there is not', good.replace('<disk>', '<colour>red</colour><disk>')],
    ['an attribute that there is not', good.replace('<os>', '<os kind="x">')],
    ['an installation from nowhere', good.replace('<url>http://x</url>', '')],
    ['an unknown way to install', good.replace('type="url"', 'type="tape"')],
    ['a size that is none', good.replace('<size>10', '<size>big')],
    ['text between elements', good.replace('<os>', 'here <os>')],
    ['XML that is none', good.replace('</os>', '')],
  ])('refuses %s', (_, text) => {
    expect(faultsOf(text)).not.toEqual([])
  })
})
