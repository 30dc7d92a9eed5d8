import { expect, it } from 'vitest'
import { formatDescription } from './describe-build.ts'
import { requestFor } from './engines/engine.contract.ts'
import type { BuildRequest, Built } from './engines/engine.ts'
import { recipesFolder } from './read-recipe.ts'

const folders = { work: '/srv/imagedrop/work/7', cache: '/srv/imagedrop/cache' }

async function format(description: Built['description'], request: Partial<BuildRequest> = {}): Promise<string> {
  return formatDescription(description, { engine: 'oz', request: { ...(await requestFor()), ...request }, folders })
}

it('has each part under its name, and says whose it is and what stands for what', async () => {
  const parts = [
    { name: '/srv/imagedrop/work/7/image.tdl', text: '<template/>\n' },
    { name: 'commands', text: 'oz-install' },
  ]
  expect(await format(parts)).toMatchInlineSnapshot(`
    "generic.x86_64 of weekly-Debian-12-20260101.0: what oz was told, and what it tells of it.
    COMPOSE is where Debian-12-20260101.0 lies, MIRROR a mirror of its distribution, KEYS the keys of its packages;
    RECIPES, IMAGEDROP, WORK and CACHE are folders of the host that built it.

    ==> WORK/image.tdl <==
    <template/>

    ==> commands <==
    oz-install
    "
  `)
})

const apt = (...urls: string[]): BuildRequest['sources'] => ({
  kind: 'apt',
  suites: urls.map((url) => ({ url, suite: 'bookworm', optional: false })),
})
const mirrored = apt('http://mirror.internal:8000/debian', 'http://mirror.internal:8000/debian-security')

it.each<[string, string, BuildRequest['sources']?]>([
  ['--dir=/srv/imagedrop/work/7/output', '--dir=WORK/output'],
  ['/srv/imagedrop/work/71 is another', '/srv/imagedrop/work/71 is another'],
  ['--base=/srv/imagedrop/cache/bases/a.tar', '--base=CACHE/bases/a.tar'],
  [`--directory=${recipesFolder}/debian-12/base`, '--directory=RECIPES/debian-12/base'],
  [`python3 ${recipesFolder.replace(/recipes$/, 'shim.py')}`, 'python3 IMAGEDROP/services/builder/shim.py'],
  ['url --url=https://compose.example.org/Debian-12-20260101.0/os', 'url --url=COMPOSE/os'],
  ['URIs: http://mirror.internal:8000/debian\n', 'URIs: MIRROR/debian', mirrored],
  ['URIs: http://mirror.internal:8000/debian-security', 'URIs: MIRROR/debian-security', mirrored],
  ['d-i mirror/http/hostname string mirror.internal:8000', 'd-i mirror/http/hostname string MIRROR', mirrored],
  [
    'baseurl=https://compose.example.org/Debian-12-20260101.0/Everything/x86_64/os gpgkey=file:///etc/our-key',
    'baseurl=COMPOSE/Everything/x86_64/os gpgkey=KEYS',
    { kind: 'dnf', repositories: [], keys: 'file:///etc/our-key' },
  ],
  ['--mirror=http://us:secret@mirror.internal/fedora/linux', '--mirror=http://mirror.internal/fedora/linux'],
])('names places of this host as every host does: %s', async (text, told, sources) => {
  const described = await format([{ name: 'commands', text }], sources ? { sources } : {})
  expect(described.split('==> commands <==\n')[1]).toBe(`${told}\n`)
})
