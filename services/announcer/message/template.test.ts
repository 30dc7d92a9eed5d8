import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { debianDrop, withText } from '../testing/drops.ts'
import { published } from '../testing/news.ts'
import { openAnnouncer } from '../testing/open-announcer.ts'
import { readTemplates } from './template.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'templates-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function mailBy(template: string, body = debianDrop()) {
  await writeFile(join(folder, 'mail-drop.mustache'), template)
  await using announcer = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_TEMPLATES: folder } })
  await announcer.hear(published(body))
  return await simpleParser(await readFile(announcer.at(`${body.drop}.eml`)))
}

describe('a template of an operator', () => {
  it('takes the place of ours, with other words in another order, and what it leaves out is not there', async () => {
    const { subject, text } = await mailBy(
      'Subject: Neue Abbilder: {{title}}\n\n{{verify}}\n{{^complete}}Nicht alle!\n{{/complete}}{{#changes}}{{.}}\n{{/changes}}{{passed}} von {{total}} & <gut>\n',
    )
    expect(subject).toBe('Neue Abbilder: Debian 12 cloud images 20260711 (nightly)')
    expect(text).toMatch(/^To verify a download/)
    expect(text).toContain('\n4 von 4 & <gut>\n')
    expect(text).not.toMatch(/Nicht alle|SHA-256|Sent by/)
  })

  it('may be for one mail: the others stay ours, and so does a copy of ours', async () => {
    await copyFile(join(import.meta.dirname, 'templates/mail-drop.mustache'), join(folder, 'mail-drop.mustache'))
    const [own, copied] = [readTemplates(null), readTemplates(folder)]
    const view = { drop: 'd', headline: 'h', sentence: 's', opening: 'o', images: [], todo: [] }
    const news = {
      ...view,
      failed: true,
      waiting: false,
      withdrawn: false,
      expired: false,
      overdue: false,
      unchanged: false,
    }
    expect(copied['mail-news'](news)).toEqual(own['mail-news'](news))
  })

  it.each([
    [
      'names what there is not',
      'Subject: x\n\n{{titel}}\n',
      /mail-drop\.mustache: it names \{\{titel\}\}; there are title,/,
    ],
    ['reaches into what every object has', 'Subject: x\n\n{{constructor}}\n', /it names \{\{constructor\}\}/],
    ['reaches further', 'Subject: x\n\n{{#changes}}{{constructor.constructor}}{{/changes}}\n', /it names/],
    ['takes in another', 'Subject: x\n\n{{> /etc/passwd}}\n', /it takes in another template/],
    ['closes what it did not open', 'Subject: x\n\n{{/changes}}\n', /mail-drop\.mustache: Unopened section/],
    ['opens in its subject what it closes later', 'Subject: {{#changes}}x\n\n{{/changes}}\n', /Unclosed section/],
    ['has no subject', '{{title}}\n', /it has to begin with the line "Subject: …"/],
    ['has further headers', 'Subject: x\nBcc: all@example.org\n\nx\n', /it has to begin with the line/],
  ])('that %s is refused at the start, by its file', async (_what, template, message) => {
    await expect(mailBy(template)).rejects.toThrow(message)
  })

  it('with a name that no mail has is refused, and so is a folder that is not there', async () => {
    await writeFile(join(folder, 'mail-drops.mustache'), 'Subject: x\n\nx\n')
    expect(() => readTemplates(folder)).toThrow(
      /it has mail-drops\.mustache, and the templates are mail-drop\.mustache,/,
    )
    expect(() => readTemplates(join(folder, 'none'))).toThrow(/IMAGEDROP_ANNOUNCER_TEMPLATES: \S+none: ENOENT/)
  })
})

it('no template puts foreign text into a header, and none is read as a template', async () => {
  const foreign = 'x\r\nBcc: all@example.org\r\n\r\n{{title}} {{/changes}} {{=<% %>=}}'
  const { headerLines, subject, text } = await mailBy(
    'Subject: {{blessedBy}}\n\n{{blessedBy}}\n{{tree}}\n',
    withText(foreign),
  )
  expect(headerLines.map(({ key }) => key)).not.toContain('bcc')
  expect(subject).toBe('x Bcc: all@example.org {{title}} {{/changes}} {{=<% %>=}}')
  expect(text).toContain('x Bcc: all@example.org {{title}} {{/changes}} {{=<% %>=}}\n')
})
