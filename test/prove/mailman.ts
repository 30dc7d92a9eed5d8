import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { simpleParser } from 'mailparser'
import { account, providePostfix, type Postfix } from '../../services/announcer/channels/mail/testing/postfix.ts'
import { verifyDkim } from '../../services/announcer/channels/mail/testing/verify-dkim.ts'
import { debianDrop } from '../../services/announcer/testing/drops.ts'
import { published } from '../../services/announcer/testing/news.ts'
import { openAnnouncer, ownChannels } from '../../services/announcer/testing/open-announcer.ts'
import { provideMailman, type Mailman } from './mailman/mailman.ts'

const execute = promisify(execFile)
const script = join(import.meta.dirname, '../../services/announcer/testing/announce-alone.ts')

/** Mails drops by way of Postfix to a list of Mailman 3, also killed before any step, and looks what its archive has. */
export async function prove(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-mailman-'))
  console.log('starting Mailman, which is fetched from PyPI unless it is there, and Postfix')
  await using mailman = await provideMailman()
  const toList = `transport_maps = inline:{lists.example.org=lmtp:inet:127.0.0.1:${String(mailman.place.port)}}`
  await using postfix = await providePostfix({ config: [toList] })
  const line = { folder, mailman, postfix }
  const results = [await signedPost(line), await everyKill(line)]
  if (results.every(Boolean)) await rm(folder, { recursive: true })
  return results.every(Boolean)
}

interface Line {
  readonly folder: string
  readonly mailman: Mailman
  readonly postfix: Postfix
}

function settings({ mailman, postfix }: Line, domain: string): Record<string, string> {
  const url = new URL(postfix.url)
  url.username = account.user
  url.password = account.password
  return {
    IMAGEDROP_ANNOUNCER_SMTP_URL: url.href,
    IMAGEDROP_ANNOUNCER_TO: mailman.list,
    IMAGEDROP_ANNOUNCER_DOMAIN: domain,
    IMAGEDROP_ANNOUNCER_MAIL_CA: postfix.ca,
  }
}

/** One post, signed: in its thread, with the list's headers, and whole. */
async function signedPost(line: Line): Promise<boolean> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = join(line.folder, 'dkim.pem')
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const env = {
    ...settings(line, 'signed.example.org'),
    IMAGEDROP_ANNOUNCER_MAIL_DKIM_KEY: key,
    IMAGEDROP_ANNOUNCER_MAIL_DKIM_SELECTOR: 'drops',
  }
  await using announcer = await openAnnouncer({ env })
  // Of now: Mailman's archive gives a post from long ago the day of its arrival, which is signed.
  const now = new Date().toISOString()
  for (let time = 0; time < 3; time++) await announcer.hear(published(debianDrop(), now))
  const [post] = await postsOf(line, 'signed.example.org')
  if (!post) return say(false, 'the announcement is in the archive')
  const mail = await simpleParser(post)
  const p = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const text = post.toString('latin1').replaceAll(/\r?\n/g, '\r\n')
  const isWhole = await verifyDkim(text, { 'drops._domainkey.signed.example.org.': `v=DKIM1; k=rsa; p=${p}` })
  return [
    say(true, 'the announcement is in the archive'),
    say((await postsOf(line, 'signed.example.org')).length === 1, 'asked for three times, it is there once'),
    say(mail.inReplyTo === '<release.Debian-12@signed.example.org>', 'it is in the thread of its release'),
    say(/^List-Id: <cloud\.lists\.example\.org>/m.test(text), 'it has the List-Id of the list, and none of ours'),
    say(isWhole, 'its signature holds after Postfix and Mailman'),
  ].every(Boolean)
}

/** An announcement for each step that the process can be killed before. */
async function everyKill(line: Line): Promise<boolean> {
  const roots = [join(line.folder, 'channels')]
  await mkdir(join(line.folder, 'channels'))
  await symlink(join(ownChannels, 'mail'), join(line.folder, 'channels', 'mail'))
  const steps = await announceKilled(line, { nth: 0, roots })
  console.log(`an announcement takes ${String(steps)} steps that others could see; killing it before each`)
  const copies: number[] = []
  for (let nth = 1; nth <= steps; nth++) {
    await announceKilled(line, { nth, roots })
    copies.push((await postsOf(line, `n${String(nth)}.example.org`)).length)
  }
  const twice = copies.flatMap((count, index) => (count === 2 ? [index + 1] : []))
  console.log(`in the archive once: ${String(copies.filter((count) => count === 1).length)} of ${String(steps)}`)
  console.log(
    `twice, under one Message-ID: killed before ${twice.length === 0 ? 'no step' : `step ${twice.join(', ')}`}`,
  )
  return [
    say(
      copies.every((count) => count > 0),
      'no announcement is lost',
    ),
    say(
      copies.every((count) => count <= 2),
      'none is there more than twice',
    ),
    say(twice.length <= 3, 'twice only when killed between the last byte and the note of it'),
  ].every(Boolean)
}

async function announceKilled(line: Line, { nth, roots }: { nth: number; roots: readonly string[] }): Promise<number> {
  const state = await mkdtemp(join(line.folder, 'state-'))
  const env = settings(line, `n${String(nth)}.example.org`)
  const lone = { state, roots, env, killBefore: nth }
  const steps = await execute(process.execPath, [script, JSON.stringify(lone)], { timeout: 120_000 }).then(
    ({ stdout }) => Number(stdout),
    (error: unknown) => {
      if (error instanceof Error && 'signal' in error && error.signal === 'SIGKILL') return nth
      throw error
    },
  )
  await using again = await openAnnouncer({ state, roots, env })
  for (let time = 0; time < 2; time++) await again.hear(published(debianDrop()))
  return steps
}

/** The posts with a Message-ID of a domain, once everything that Postfix and Mailman had is through. */
async function postsOf({ mailman, postfix }: Line, domain: string): Promise<Buffer[]> {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(250)) {
    if (!(await postfix.isIdle()) || !(await mailman.isIdle())) continue
    const posts = await mailman.posts()
    return posts.filter((post) => post.includes(`\nMessage-ID: <drop.${debianDrop().drop}@${domain}>`))
  }
  throw new Error('the mails are not through after two minutes')
}

function say(holds: boolean, what: string): boolean {
  console.log(`${holds ? 'yes' : 'NO '}  ${what}`)
  return holds
}
