import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'

const apt = new URL('apt.sh', import.meta.url).pathname

async function bash(program: string, input: string): Promise<string> {
  const script = `set -euo pipefail; . "$0"; ${program}`
  const { stdout } = await run('bash', ['-c', script, apt], { input: Readable.from([Buffer.from(input)]) })
  return stdout
}

const withBackports = 'with_suite bookworm-backports "bookworm oldstable"'

it('the backports source has the mirror, the key and the options of the one that the host has', async () => {
  const host = `Types: deb deb-src
URIs: https://mirror.example.org/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: https://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Check-Valid-Until: no
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ
`
  expect(await bash(withBackports, host)).toBe(`Types: deb
Suites: bookworm-backports
URIs: https://mirror.example.org/debian
Components: main contrib
Check-Valid-Until: no
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ
`)
})

it('a source in one line becomes the stanza that means the same', async () => {
  const host = `# deb http://old.example.org/debian bookworm main
deb-src http://mirror.example.org/debian bookworm main
deb [arch=amd64,i386 signed-by=/etc/apt/keyrings/d.gpg] http://mirror.example.org/debian bookworm main contrib # ours
`
  expect(await bash(`as_stanzas | ${withBackports}`, host)).toBe(`Types: deb
Suites: bookworm-backports
URIs: http://mirror.example.org/debian
Components: main contrib
architectures: amd64 i386
signed-by: /etc/apt/keyrings/d.gpg
`)
})

it('a release that the host knows by its other name is found', async () => {
  const host = 'deb http://mirror.example.org/debian oldstable main\n'
  expect(await bash(`as_stanzas | ${withBackports}`, host)).toContain('URIs: http://mirror.example.org/debian\n')
})

it.each([
  ['disabled', 'Enabled: no\nTypes: deb\nURIs: http://m.example.org/debian\nSuites: bookworm\nComponents: main\n'],
  ['of sources only', 'Types: deb-src\nURIs: http://m.example.org/debian\nSuites: bookworm\nComponents: main\n'],
  ['of another release', 'Types: deb\nURIs: http://m.example.org/debian\nSuites: trixie\nComponents: main\n'],
])('a stanza that is %s is not taken', async (_why, stanza) => {
  expect(await bash(withBackports, stanza)).toBe('')
})
