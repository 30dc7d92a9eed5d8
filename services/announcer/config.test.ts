import { expect, test } from 'vitest'
import { readAnnouncerConfig } from './config.ts'

test('without settings announcements are made for this machine and mailed to nobody', () => {
  expect(readAnnouncerConfig({})).toEqual({
    title: 'Cloud images',
    domain: 'imagedrop.localhost',
    from: 'imagedrop@imagedrop.localhost',
    to: [],
    feedEntries: 50,
  })
})

test('recipients are a list with commas', () => {
  const env = { IMAGEDROP_ANNOUNCER_TO: 'cloud@example.org, test@example.org,' }
  expect(readAnnouncerConfig(env).to).toEqual(['cloud@example.org', 'test@example.org'])
})

test.each([
  ['TO', 'cloud@example.org, everybody', /IMAGEDROP_ANNOUNCER_TO/],
  ['SMTP_URL', 'https://mail.example.org', /IMAGEDROP_ANNOUNCER_SMTP_URL/],
  ['SMTP_URL', 'smtp://mail.example.org', /IMAGEDROP_ANNOUNCER_TO: it names nobody/],
  ['MIRROR_URL', 'javascript:alert(1)', /IMAGEDROP_ANNOUNCER_MIRROR_URL/],
  ['PAGE_URL', 'cloud.example.org', /IMAGEDROP_ANNOUNCER_PAGE_URL/],
  ['DOMAIN', 'two words', /IMAGEDROP_ANNOUNCER_DOMAIN/],
  ['FEED_ENTRIES', '0', /IMAGEDROP_ANNOUNCER_FEED_ENTRIES/],
  ['FROM', 'nobody', /IMAGEDROP_ANNOUNCER_FROM/],
])('a bad %s, %j, is refused by the name of its variable', (name, value, message) => {
  expect(() => readAnnouncerConfig({ [`IMAGEDROP_ANNOUNCER_${name}`]: value })).toThrow(message)
})
