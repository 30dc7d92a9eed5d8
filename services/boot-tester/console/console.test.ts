import * as fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { loginPrompt } from '../checks/login-prompt/check.ts'
import { followConsole } from './console.ts'
import type { Phase } from './phases.ts'

/** As a Debian 12 image writes it: escape sequences, prompts without a line end, kernel words in between. */
const recorded = [
  "\x1b[2J\x1b[01;01HGRUB loading.\r\n  Booting `Debian GNU/Linux'\r\n\r\n",
  '[    0.000000] Linux version 6.1.0-41-cloud-amd64 (debian-kernel@lists.debian.org)\r\n',
  '[    9.801234] Run /init as init process\r\n',
  '[   10.740348] systemd[1]: systemd 252.39-1~deb12u2 running in system mode\r\n',
  'Welcome to \x1b[1mDebian GNU/Linux 12 (bookworm)\x1b[0m!\r\n',
  '         Starting \x1b[0;1;39mcloud-init-local.s\x1b[0m - Initial cloud-init job (pre-networking)...\r\n',
  "[   23.1] cloud-init[279]: Cloud-init v. 22.4.2 running 'init-local' at Sun, 22 Nov 2026 11:11:57 +0000.\r\n",
  '\r\nDebian GNU/Linux 12 boot-test ttyS0\r\n\r\nboot-test login: [   78.910393] hrtimer: interrupt took 143761200 ns\r\n',
  '[   92.5] cloud-init[477]: Cloud-init v. 22.4.2 finished at Sun, 22 Nov 2026 11:13:07 +0000. Datasource DataSourceNoCloud\r\n',
].join('')

const login = loginPrompt.expects
const finished = /Cloud-init v\. \S+ finished at (\S+)/

function follow(pieces: readonly Buffer[]) {
  const phases: Phase[] = []
  const ends: string[] = []
  let clock = 0
  const console = followConsole([login, finished], {
    seconds: () => clock,
    onPhase: (phase) => phases.push(phase),
    onDeadEnd: (line) => ends.push(line),
  })
  for (const piece of pieces) {
    clock += 1
    console.write(piece)
  }
  return { console, phases, ends }
}

it('a boot goes through its phases once each, in order', () => {
  const { phases, ends, console } = follow([Buffer.from(recorded)])
  expect(phases).toEqual(['kernel', 'userspace', 'cloud-init'])
  expect(ends).toEqual([])
  expect(console.lastLine()).toMatch(/Datasource DataSourceNoCloud$/)
})

it('reads the same in whichever pieces the bytes come', () => {
  const bytes = Buffer.from(recorded)
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 40 }), (cuts) => {
      const ends = [...cuts, bytes.length].sort((a, b) => a - b)
      const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
      const { phases, console } = follow(pieces)
      expect(phases).toEqual(['kernel', 'userspace', 'cloud-init'])
      expect(console.found(login)?.match[0]).toBe('boot-test login:')
      expect(console.found(finished)?.match[0]).toMatch(/finished at S/)
    }),
  )
})

it('a prompt counts though its line is not complete, at the time when it came', async () => {
  const { console } = follow([Buffer.from('one\r\n'), Buffer.from('boot-test log'), Buffer.from('in: ')])
  expect(await console.seen(login)).toMatchObject({ line: 'boot-test login:', seconds: 3 })
})

it.each([
  '[    1.23] Kernel panic - not syncing: VFS: Unable to mount root fs',
  'grub rescue> ',
  'You are in emergency mode. After logging in, type "journalctl -xb"',
  '(initramfs) ',
])('nothing comes after %j', (line) => {
  expect(follow([Buffer.from(`${line}\r\n`)]).ends).toContain(line.trimEnd())
})

it('a guest that never ends its line fills neither the memory nor our time', () => {
  const start = performance.now()
  const { console } = follow(Array.from({ length: 1024 }, () => Buffer.alloc(1024, '#')))
  expect(console.lastLine().length).toBeLessThanOrEqual(1024)
  expect(performance.now() - start).toBeLessThan(10_000)
})

it('asking for a pattern that nobody watches for is a mistake that is told', () => {
  expect(() => follow([]).console.found(/other/)).toThrow('/other/ is not among the patterns')
})

it('a guest that gives up is heard out, however its last line is cut into pieces', async () => {
  const words = '[    1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'
  const cut = words.indexOf(':') + 1
  const { ends } = follow([Buffer.from(words.slice(0, cut)), Buffer.from(`${words.slice(cut)}\r\n`)])
  expect(ends).toEqual([words])

  const prompt = follow([Buffer.from('grub rescue> ')])
  expect(prompt.ends).toEqual([])
  await vi.waitFor(() => {
    expect(prompt.ends).toEqual(['grub rescue>'])
  })
})
