import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { findChannels } from './channels/find-channels.ts'
import { readAnnouncerConfig } from './config.ts'
import { openAnnouncer, ownChannels } from './testing/open-announcer.ts'

const channels = await findChannels([ownChannels])

function settingsOf(name: string, env: Record<string, string>) {
  const channel = channels.find((one) => one.name === name)
  return channel && readAnnouncerConfig(env, channels).settingsOf(channel)
}

it('without settings announcements are made for this machine and mailed to nobody', () => {
  expect(readAnnouncerConfig({}, channels).common).toEqual({
    title: 'Cloud images',
    domain: 'imagedrop.localhost',
    mirrorUrl: null,
    pageUrl: null,
  })
  expect(settingsOf('mail', {})).toMatchObject({ smtpUrl: null, from: null, to: [], mailDkimKey: null, mailCa: null })
  expect(settingsOf('feed', {})).toEqual({ feedEntries: 50 })
})

it('a channel gets its own settings; recipients are a list with commas', () => {
  const env = {
    IMAGEDROP_ANNOUNCER_TO: 'cloud@example.org, test@example.org,',
    IMAGEDROP_ANNOUNCER_FEED_ENTRIES: '7',
  }
  expect(settingsOf('file', env)).toEqual({
    from: null,
    to: ['cloud@example.org', 'test@example.org'],
    templates: null,
  })
  expect(settingsOf('feed', env)).toEqual({ feedEntries: 7 })
  expect(settingsOf('page', env)).toEqual({ theme: null })
})

it.each([
  ['TO', 'cloud@example.org, everybody', /IMAGEDROP_ANNOUNCER_TO/],
  ['SMTP_URL', 'https://mail.example.org', /IMAGEDROP_ANNOUNCER_SMTP_URL/],
  ['SMTP_URL', 'smtp://mail.example.org', /IMAGEDROP_ANNOUNCER_TO: it names nobody/],
  ['MIRROR_URL', 'javascript:alert(1)', /IMAGEDROP_ANNOUNCER_MIRROR_URL/],
  ['PAGE_URL', 'cloud.example.org', /IMAGEDROP_ANNOUNCER_PAGE_URL/],
  ['DOMAIN', 'two words', /IMAGEDROP_ANNOUNCER_DOMAIN/],
  ['FEED_ENTRIES', '0', /IMAGEDROP_ANNOUNCER_FEED_ENTRIES/],
  ['THEME', '/not/there', /IMAGEDROP_ANNOUNCER_THEME: .*\/not\/there/],
  ['FROM', 'nobody', /IMAGEDROP_ANNOUNCER_FROM/],
  ['MAIL_DKIM_SELECTOR', 'a b', /IMAGEDROP_ANNOUNCER_MAIL_DKIM_SELECTOR/],
  ['MAIL_NEWS_TO', 'everybody', /IMAGEDROP_ANNOUNCER_MAIL_NEWS_TO/],
  ['MAIL_NEWS_KINDS', 'published', /IMAGEDROP_ANNOUNCER_MAIL_NEWS_KINDS/],
  ['TEMPLATES', '/dev/null/templates', /IMAGEDROP_ANNOUNCER_TEMPLATES: \/dev\/null\/templates: ENOTDIR/],
  ['MAIL_DKIM_DOMAIN', 'a;b', /IMAGEDROP_ANNOUNCER_MAIL_DKIM_DOMAIN/],
  ['FORM', 'imagedrop@example.org', /IMAGEDROP_ANNOUNCER_FORM: there is no such setting/],
])('a bad %s, %j, is refused by the name of its variable', async (name, value, message) => {
  await expect(openAnnouncer({ env: { [`IMAGEDROP_ANNOUNCER_${name}`]: value } })).rejects.toThrow(message)
})

it('a setting that two channels declare differently, or that is common to all, is refused', () => {
  const declaring = (name: string, settings: z.ZodRawShape) => ({ name, settings })
  const room = z.string().default('')
  expect(() => readAnnouncerConfig({}, [declaring('one', { room }), declaring('two', { room })])).not.toThrow()
  expect(() =>
    readAnnouncerConfig({}, [declaring('one', { room }), declaring('two', { room: z.string().default('') })]),
  ).toThrow('the channel two declares the setting room, which is declared already')
  expect(() => readAnnouncerConfig({}, [declaring('one', { title: room })])).toThrow('the setting title')
})

it('every setting is in the table of the README', async () => {
  const readme = await readFile(join(import.meta.dirname, 'README.md'), 'utf8')
  const keys = ['title', 'domain', 'mirrorUrl', 'pageUrl', ...channels.flatMap(({ settings }) => Object.keys(settings))]
  for (const key of keys) {
    const variable = `IMAGEDROP_ANNOUNCER_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
    expect(readme).toContain(`| \`${variable}\``)
  }
})
