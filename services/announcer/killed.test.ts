import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { debianDrop, openOffice, published } from './fixture.ts'
import { openMailServer } from './mail/mail-server.fixture.ts'

const child = new URL('announce-once.fixture.ts', import.meta.url).pathname

test('killed at any moment, nothing half-written is seen, and all copies of the mail are one mail', async () => {
  await using server = await openMailServer()
  await using office = await openOffice()
  const env = { IMAGEDROP_ANNOUNCER_SMTP_URL: server.url, IMAGEDROP_ANNOUNCER_TO: 'a@example.org' }

  for (const milliseconds of [0, 25, 50, 100, 200]) {
    await announceAndKill(office.state, server.url, milliseconds)
    await expectWhole(office.at('.'))
  }
  await using last = await openOffice(env, office.state)
  await last.hear(published(debianDrop()))
  const arrived = server.heard.length
  expect(new Set(server.heard.map(({ bytes }) => bytes.toString())).size).toBe(1)
  expect(
    await readFile(join(office.state, 'announcer/deliveries/nightly-Debian-12-20260711.0.json'), 'utf8'),
  ).toContain('"a@example.org": "sent"')

  await last.hear(published(debianDrop()))
  expect(server.heard).toHaveLength(arrived)
  expect((await readFile(office.at('index.html'), 'utf8')).match(/<article/g)).toHaveLength(1)
})

async function announceAndKill(state: string, url: string, milliseconds: number): Promise<void> {
  const running = spawn(process.execPath, [child, state, url], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(running, 'close')
  await once(running.stdout, 'data')
  await sleep(milliseconds)
  running.kill('SIGKILL')
  await closed
}

/** How each kind of file ends when all of it is there. */
const ends = new Map([
  ['.html', '</html>'],
  ['.atom', '</feed>'],
  ['.json', '}'],
  ['.eml', 'this address.'],
])

/** What a reader sees of a file is all of it; what is being written goes by a name that starts with a dot. */
async function expectWhole(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  const broken: string[] = []
  for (const { parentPath, name } of files) {
    const text = await readFile(join(parentPath, name), 'utf8')
    if (!text.trimEnd().endsWith(ends.get(extname(name)) ?? 'no such file is written')) broken.push(name)
  }
  expect(broken).toEqual([])
}
