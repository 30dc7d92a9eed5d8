import { appendFile, cp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256OfFile } from '#artifacts/digest.ts'
import { makeKey } from '../../testing/keys.ts'
import { recordName } from '../../tree/record.ts'
import { other, stem, type PublishedDrop } from './published-drop.ts'

type Damage = (drop: PublishedDrop) => Promise<unknown>

/** What somebody might do to a published drop, and what is then said of it. */
export const damages: readonly (readonly [what: string, damage: Damage, found: RegExp])[] = [
  [
    'a bit flipped in an image',
    ({ at }) => flip(at(`${stem}.qcow2`)),
    /^x86_64\/.*sda.qcow2: it was changed: its SHA-256 is /,
  ],
  ['a bit flipped in the README', ({ at }) => flip(at('README')), /^README: it was changed/],
  ['a bit flipped in drop.json', ({ at }) => flip(at(recordName)), /^(drop.json|SHA256SUMS): /],
  ['an image cut short', ({ at }) => truncate(at(`${stem}.raw.xz`), 10), /raw.xz: it has 10 bytes instead of 2000/],
  [
    'an image that goes on and on',
    ({ at }) => appendFile(at(`${stem}.raw.xz`), 'x'),
    /raw.xz: it is larger than 2000 bytes/,
  ],
  ['a missing image', ({ at }) => rm(at(`${stem}.raw.xz`)), /raw.xz: it is missing/],
  ['a missing list', ({ at }) => rm(at('SHA256SUMS')), /^SHA256SUMS: it is missing/],
  ['a missing record', ({ at }) => rm(at(recordName)), /^drop.json: it is missing/],
  [
    'a missing signature',
    ({ at }) => rm(at('SHA256SUMS.gpg')),
    /^SHA256SUMS.gpg: it is missing: SHA256SUMS is not signed/,
  ],
  ['a missing bundle', ({ at }) => rm(at('SHA256SUMS.sigstore.json')), /^SHA256SUMS.sigstore.json: it is missing/],
  [
    'a changed list',
    async ({ at }) => {
      const list = await readFile(at('SHA256SUMS'), 'utf8')
      await writeFile(
        at('SHA256SUMS'),
        list.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      )
    },
    /^SHA256SUMS.gpg: the signature is wrong/,
  ],
  [
    'a signature by another key',
    async ({ at }) => {
      await using strange = await makeKey('strange@example.org')
      await strange.sign(at('SHA256SUMS'), at('SHA256SUMS.gpg'))
    },
    /^SHA256SUMS.gpg: it is signed by another key: [0-9A-F]{16}$/,
  ],
  [
    'a signature of a folder by another key',
    async ({ at }) => {
      await using strange = await makeKey('strange@example.org')
      await strange.sign(at('i386/SHA256SUMS'), at('i386/SHA256SUMS.gpg'))
    },
    /^i386\/SHA256SUMS.gpg: it is signed by another key/,
  ],
  [
    'the list of another drop, signed by the same key',
    async (drop) => {
      const folder = await drop.publishOther()
      for (const one of ['SHA256SUMS', 'SHA256SUMS.gpg', 'SHA256SUMS.sigstore.json']) {
        await cp(join(folder, one), drop.at(one))
      }
    },
    /^SHA256SUMS: it does not list .*it is the list of another drop/,
  ],
  [
    'the record of another drop',
    async (drop) => cp(join(await drop.publishOther(), recordName), drop.at(recordName)),
    /^SHA256SUMS: it does not list /,
  ],
  [
    'a link out of the drop',
    async (drop) => {
      await rename(drop.at(`${stem}.qcow2`), join(drop.home, 'outside.qcow2'))
      await symlink(join(drop.home, 'outside.qcow2'), drop.at(`${stem}.qcow2`))
    },
    /sda.qcow2: .* is a link that leads elsewhere/,
  ],
  [
    'a list that leads out of the drop',
    ({ at }) => appendFile(at('SHA256SUMS'), `${'0'.repeat(64)}  ../../etc/passwd\n`),
    /^SHA256SUMS: line \d+ names a file outside of the drop: "..\/..\/etc\/passwd"/,
  ],
  [
    'the bill of materials of another image, signed',
    async (drop) => {
      const text = await readFile(drop.at(`${other}.spdx.json`), 'utf8')
      await forge(drop, `${stem}.spdx.json`, () => text)
    },
    /sda.spdx.json: it is the bill of materials of Fedora-AmazonEC2-/,
  ],
  [
    'a bill of materials without a package, signed',
    (drop) => forge(drop, `${stem}.spdx.json`, (text) => text.replace('"only-generic"', '"only-that"')),
    /sda.spdx.json: it does not have the packages of .*packages.json/,
  ],
  [
    'provenance with another digest, signed',
    (drop) =>
      forge(drop, `${stem}.provenance.json`, (text) =>
        text.replace(/(qcow2",\s+"digest": \{\s+"sha256": ")[0-9a-f]{8}/, (_all, start: string) => `${start}00000000`),
      ),
    /sda.provenance.json: it has another digest of Fedora-x86_64-19-Beta-1.1-sda.qcow2 than the drop/,
  ],
  [
    'provenance of another compose, signed',
    (drop) =>
      forge(drop, `${stem}.provenance.json`, (text) => text.replaceAll('Fedora-19-20130521.0', 'Fedora-18-20130521.0')),
    /sda.provenance.json: it is of the compose Fedora-18-20130521.0/,
  ],
  [
    'a boot test of another disk, signed',
    (drop) => forge(drop, `${stem}.boot-test.json`, (text) => text.replace(/("sha256": ")[0-9a-f]{8}/, '$100000000')),
    /sda.boot-test.json: another disk was booted than the provenance tells of/,
  ],
  [
    'a boot test that failed, signed',
    (drop) => forge(drop, `${stem}.boot-test.json`, (text) => text.replaceAll('"passed"', '"failed"')),
    /sda.boot-test.json: the image did not pass: cloud-init/,
  ],
]

/** Flips one bit in the middle of a file. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  await writeFile(path, bytes)
}

/** Writes a document anew and repairs every list and signature, as somebody would who has the key. */
async function forge({ at, sign }: PublishedDrop, path: string, change: (text: string) => string): Promise<void> {
  const old = await sha256OfFile(at(path))
  const text = change(await readFile(at(path), 'utf8'))
  await writeFile(at(path), text)
  const digest = await sha256OfFile(at(path))
  const record = await readFile(at(recordName), 'utf8')
  const sizes = new RegExp(`"sha256": "${old}",\\n(\\s+)"size": \\d+`)
  await writeFile(
    at(recordName),
    record.replace(sizes, `"sha256": "${digest}",\n$1"size": ${String(Buffer.byteLength(text))}`),
  )
  const itself = await sha256OfFile(at(recordName))
  const sums = (await readFile(at('SHA256SUMS'), 'utf8')).replace(old, digest)
  await writeFile(at('SHA256SUMS'), sums.replace(/^[0-9a-f]{64} {2}drop.json$/m, `${itself}  drop.json`))
  await sign()
}
