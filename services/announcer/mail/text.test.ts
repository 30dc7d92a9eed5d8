import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { debianDrop } from '../fixture.ts'
import { linkBelow } from '../story/link.ts'
import { tellStory } from '../story/story.ts'
import { messageIdOf, threadIdOf } from './identity.ts'
import { announcementText } from './text.ts'
import { wrap } from './wrap.ts'

function textOf(body = debianDrop(), mirror = 'https://download.example.org/pub'): string {
  const record = { drop: body.drop, published: { at: '2026-07-11T12:00:00.000Z', body }, withdrawn: null }
  const story = tellStory(record, linkBelow(mirror))
  if (!story) throw new Error('a published drop has a story')
  return announcementText(story)
}

describe('the text of an announcement', () => {
  test('names every download with address, size and checksum', () => {
    const text = textOf()
    const { files } = debianDrop()
    for (const { path } of files) expect(text).toContain(`https://download.example.org/pub/${path}`)
    for (const { sha256, size } of files.filter((file) => file.image !== null)) {
      expect(text).toContain(`(${String(size)} bytes), SHA-256:\n    ${sha256}`)
    }
  })

  test('gives paths on the mirror when no public address is known', () => {
    expect(textOf(debianDrop(), '')).toContain('\n  alt/debian-12-20260711/amd64/debian-12-ec2-amd64-20260711.qcow2\n')
  })

  test('says of each AMI its region, and that it is emulated when it is', () => {
    expect(textOf()).toMatch(/^ {4}us-east-1 {5}ami-[0-9a-f]+ {2}\(emulated, not in AWS\)$/m)
    const real = debianDrop()
    const images = real.images.map((image) => ({
      ...image,
      registrations: image.registrations.map((one) => ({ ...one, emulated: false })),
    }))
    expect(textOf({ ...real, images })).not.toContain('emulated')
  })

  test('says which image failed, at which step and why, and that the drop is incomplete', () => {
    const body = debianDrop()
    const [first, ...rest] = body.images
    if (!first) throw new Error('there are four images')
    const failure = { step: 'builder', class: 'recipe' as const, reason: 'no package named "cloud-int"', log: null }
    const text = textOf({ ...body, images: [{ ...first, outcome: 'failed', checks: [], failure }, ...rest] })
    expect(text).toContain('The drop is incomplete: 3 of 4')
    expect(text).toContain('generic.x86_64: FAILED\n======================\n  builder: no package named "cloud-int"\n')
  })

  test('says how to verify a download, with the CHECKSUM file when there is one', () => {
    expect(textOf()).toContain('sha256sum -c --ignore-missing debian-12-amd64-20260711-CHECKSUM')
    const body = debianDrop()
    const text = textOf({ ...body, files: body.files.filter((file) => file.image !== null) })
    expect(text).toMatch(/echo "[0-9a-f]{64} {2}debian-12-generic-amd64-20260711.qcow2" \|\n {4}sha256sum -c/)
  })

  test('is at most 72 columns wide, but for what must not be broken', () => {
    const wide = textOf()
      .split('\n')
      .filter((line) => line.length > 72)
    for (const line of wide) expect(line).toMatch(/^ +(https:\S+|sha256sum -c \S+ \S+)$/)
  })

  test('keeps to its lines, whatever a reason holds', () => {
    const body = debianDrop()
    const [first, ...rest] = body.images
    if (!first) throw new Error('there are four images')
    const reason = 'E: bad\r\nBcc: all@example.org\r\n\r\n\u001B[31mred'
    const failure = { step: 'builder', class: 'recipe' as const, reason, log: null }
    const text = textOf({ ...body, images: [{ ...first, outcome: 'failed', failure }, ...rest] })
    expect(text).toContain('  builder: E: bad Bcc: all@example.org [31mred\n')
    for (const letter of ['\r', '\u001B']) expect(text).not.toContain(letter)
  })
})

describe('wrapped text', () => {
  test('has every word in order, and no line over 72 columns that could be shorter', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[!-~]{1,90}$/), { maxLength: 60 }), (words) => {
        const lines = wrap(words.join(' '), { first: '  ', rest: '    ' })
        expect(lines.join(' ').trim().split(/\s+/).filter(Boolean)).toEqual(words)
        const wide = lines.filter((line) => line.length > 72)
        for (const line of wide) expect(line.trim()).not.toContain(' ')
      }),
    )
  })
})

describe('the Message-ID', () => {
  test('is made of the drop and our domain', () => {
    expect(messageIdOf('milestone-Fedora-19-20130521.0', 'imagedrop.example.org')).toBe(
      '<drop.milestone-Fedora-19-20130521.0@imagedrop.example.org>',
    )
  })

  test('is valid for every drop id, and two drops never share one', () => {
    const dropId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+~-]{0,30}$/)
    fc.assert(
      fc.property(dropId, dropId, (one, other) => {
        expect(messageIdOf(one, 'example.org')).toMatch(/^<[\w~+-]+(\.[\w~+-]+)*@example\.org>$/)
        expect(messageIdOf(one, 'example.org') === messageIdOf(other, 'example.org')).toBe(one === other)
      }),
    )
  })

  test('of the thread is one for all drops of a release', () => {
    const { compose } = debianDrop('20260711')
    expect(threadIdOf(compose, 'example.org')).toBe('<release.Debian-12@example.org>')
    expect(threadIdOf(debianDrop('20260801').compose, 'example.org')).toBe(threadIdOf(compose, 'example.org'))
  })
})
