import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { debianDrop, withContingency, withFailure, withRegistrations } from '../testing/drops.ts'
import { linkBelow } from '../story/link.ts'
import { tellStory } from '../story/story.ts'
import { messageIdOf, threadIdOf } from './identity.ts'
import { readTemplates } from './template.ts'
import { viewOfStory } from './text.ts'
import { wrap } from './wrap.ts'

function textOf(body = debianDrop(), mirror = 'https://download.example.org/pub'): string {
  const publication = { at: '2026-07-11T12:00:00.000Z', body, withdrawn: null, changes: null }
  const view = viewOfStory(tellStory(publication, new Map([['ec2', 'Amazon EC2']])), linkBelow(mirror))
  return readTemplates(null)['mail-drop'](view).text
}

describe('the text of an announcement', () => {
  it('has every address, and every checksum as sha256sum writes it, on a line of its own', () => {
    const lines = textOf().split('\n')
    for (const { path, sha256, image } of debianDrop().files) {
      expect(lines).toContain(`  https://download.example.org/pub/${path}`)
      if (image !== null) expect(lines).toContain(`${sha256}  ${path.slice(path.lastIndexOf('/') + 1)}`)
    }
  })

  it('has a row for each image, with its verdict and the size of each format', () => {
    expect(textOf()).toContain(
      [
        'Image           Verdict  Checks  Boot      qcow2     raw.xz  raw.tar.xz',
        '--------------  -------  ------  ----  ---------  ---------  ----------',
        'generic.x86_64  passed   5 of 5  71 s  178.8 MiB  122.5 MiB   122.5 MiB',
      ].join('\n'),
    )
  })

  it('gives paths on the mirror when no public address is known', () => {
    expect(textOf(debianDrop(), '')).toContain('\n  alt/debian-12-20260711/amd64/debian-12-ec2-amd64-20260711.qcow2\n')
  })

  it('says what is registered by target and place, and that it is emulated when it is', () => {
    expect(textOf()).toMatch(
      /\nAmazon EC2\n {2}us-east-1\n {4}ec2\.x86_64 {2}ami-[0-9a-f]+ {2}\(emulated\)\n {4}ec2\.i686 {4}ami-/,
    )
    const real = debianDrop()
    const images = real.images.map((image) => ({
      ...image,
      registrations: image.registrations.map((one) => ({ ...one, emulated: false })),
    }))
    expect(textOf({ ...real, images })).not.toContain('emulated')
  })

  it('says how it stands where that takes days', () => {
    const [registration] = debianDrop().images.flatMap(({ registrations }) => registrations)
    if (!registration) throw new Error('nothing is registered')
    const inReview = { ...registration, target: 'shop', place: 'prod-1', id: 'set-1', state: 'in review' }
    const text = textOf(withRegistrations([inReview]))
    expect(text).toContain('\nshop\n  prod-1\n    generic.x86_64  set-1  (in review, emulated)\n')
  })

  it('says where an image is still missing', () => {
    const body = debianDrop()
    const missing = [{ target: 'ec2', place: 'me-south-1', reason: 'connection refused' }]
    const images = body.images.map((image) => (image.registrations.length === 0 ? image : { ...image, missing }))
    const text = textOf({ ...body, images })
    expect(text).toMatch(/ami-[^\n]*\n {2}not yet in me-south-1: ec2\.x86_64, ec2\.i686\n/)
    expect(text).not.toContain('connection refused')
  })

  it('calls a target without a title by its name', () => {
    const registration = {
      target: 'openstack',
      emulated: false,
      place: 'region-one',
      id: 'f00',
      name: 'x',
      details: {},
    }
    expect(textOf(withRegistrations([registration]))).toContain('\nopenstack\n  region-one\n    generic.x86_64  f00\n')
  })

  it('says which image failed, at which step and why, and that the drop is incomplete', () => {
    const text = textOf(withFailure('no package named "cloud-int"'))
    expect(text).toContain('The drop is incomplete: 3 of 4')
    expect(text).toMatch(/\ngeneric\.x86_64 {2}FAILED {3}- +- +- +- +-\n/)
    expect(text).toContain('\ngeneric.x86_64\n  builder: no package named "cloud-int"\n')
  })

  it('says which check an image did not pass, and what was seen', () => {
    const body = debianDrop()
    const failing = { name: 'ssh', outcome: 'failed' as const, seconds: 120, detail: 'connection refused' }
    const images = body.images.map((image) => ({ ...image, checks: [...image.checks, failing] }))
    const text = textOf({ ...body, images })
    expect(text).toContain('generic.x86_64\n  check ssh failed (120 s): connection refused\n')
    expect(text).toMatch(/generic\.x86_64 {2}passed {3}5 of 6/)
  })

  it('says which engine built an image, and why no earlier one, where the first could not', () => {
    expect(textOf()).not.toContain('built by')
    expect(textOf(withContingency(debianDrop()))).toContain(
      'generic.x86_64\n  built by livemedia 38, as koji could not (environment): the hub <x> is\n    offline\n',
    )
  })

  it('says how to verify a download, with the CHECKSUM file when there is one', () => {
    expect(textOf()).toContain('sha256sum -c --ignore-missing debian-12-amd64-20260711-CHECKSUM')
    const body = debianDrop()
    const text = textOf({ ...body, files: body.files.filter((file) => file.image !== null) })
    expect(text).toMatch(/echo "[0-9a-f]{64} {2}debian-12-generic-amd64-20260711.qcow2" \|\n {4}sha256sum -c/)
  })

  it('says by which key the checksums are signed, and nothing of keys when they are not', () => {
    const fingerprint = '6C46A86215F16B7C6326373A9B73C064316058DE'
    const text = textOf({ ...debianDrop(), signature: { fingerprint, key: 'GPG-KEY-9B73C064316058DE.asc' } })
    expect(text).toContain(`\n  ${fingerprint}\n  https://`)
    expect(text).toContain(
      '/GPG-KEY-9B73C064316058DE.asc\n    gpg --dearmor < GPG-KEY-9B73C064316058DE.asc > key.gpg\n',
    )
    expect(text).toContain('\n    gpgv --keyring ./key.gpg SHA256SUMS.gpg SHA256SUMS\n')
    expect(text.split('\n').filter((line) => line.length > 72 && !/https:|^[0-9a-f]{64}|sha256sum/.test(line))).toEqual(
      [],
    )
    expect(textOf()).not.toContain('gpgv')
  })

  it('is at most 72 columns wide, but for what must not be broken', () => {
    const wide = textOf()
      .split('\n')
      .filter((line) => line.length > 72)
    for (const line of wide) expect(line).toMatch(/^( +(https:\S+|sha256sum -c \S+ \S+)|[0-9a-f]{64} {2}\S+)$/)
  })

  it('keeps to its lines, whatever a reason holds', () => {
    const text = textOf(withFailure('E: bad\r\nBcc: all@example.org\r\n\r\n\u001B[31mred'))
    expect(text).toContain('  builder: E: bad Bcc: all@example.org [31mred\n')
    for (const letter of ['\r', '\u001B']) expect(text).not.toContain(letter)
  })
})

describe('wrapped text', () => {
  it('has every word in order, and no line over 72 columns that could be shorter', () => {
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
  it('is made of the drop and our domain', () => {
    expect(messageIdOf('milestone-Fedora-19-20130521.0', 'imagedrop.example.org')).toBe(
      '<drop.milestone-Fedora-19-20130521.0@imagedrop.example.org>',
    )
  })

  it('is valid for every drop id, and two drops never share one', () => {
    const dropId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+~-]{0,30}$/)
    fc.assert(
      fc.property(dropId, dropId, (one, other) => {
        expect(messageIdOf(one, 'example.org')).toMatch(/^<[\w~+-]+(\.[\w~+-]+)*@example\.org>$/)
        expect(messageIdOf(one, 'example.org') === messageIdOf(other, 'example.org')).toBe(one === other)
      }),
    )
  })

  it('of the thread is one for all drops of a release', () => {
    expect(threadIdOf('Debian-12', 'example.org')).toBe('<release.Debian-12@example.org>')
  })
})
