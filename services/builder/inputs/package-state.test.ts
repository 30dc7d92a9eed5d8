import { afterAll, expect, it } from 'vitest'
import { PermanentError } from '#service/errors.ts'
import type { PackageSources } from '../packages/sources.ts'
import { indexReader, packageState } from './package-state.ts'
import { startSmallArchive } from './testing/small-archive.ts'

const archive = await startSmallArchive()
afterAll(() => archive[Symbol.asyncDispose]())

const stateOf = (sources: PackageSources) =>
  packageState(sources, ['bash'], { fetch, signal: AbortSignal.timeout(10_000), indexes: indexReader() })
const rpms: PackageSources = { kind: 'dnf', repositories: [`${archive.url}/os`] }

function repomd({ revision = '1', primary = 'aa', database = 'bb', group = 'cc' }) {
  return `<?xml version="1.0"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo">
  <revision>${revision}</revision>
  <data type="primary">
    <checksum type="sha256">${revision}0</checksum>
    <open-checksum type="sha256">${primary}</open-checksum>
    <timestamp>${revision}</timestamp>
  </data>
  <data type="primary_db"><checksum type="sha256">${database}</checksum></data>
  <data type="group"><checksum type="sha256">${group}</checksum></data>
</repomd>`
}

it('of a repository of RPMs its lists count, packed however and whenever they are', async () => {
  const after = async (text: string) => {
    archive.put('os/repodata/repomd.xml', text)
    return await stateOf(rpms)
  }
  const state = await after(repomd({}))
  expect(await after(repomd({ revision: '2', database: 'ff' }))).toBe(state)
  expect(await after(repomd({ primary: 'ab' }))).not.toBe(state)
  expect(await after(repomd({ group: 'cd' }))).not.toBe(state)
  await expect(after('<html>a page</html>')).rejects.toThrow(/repomd.xml lists nothing/)
})

it('cannot be told where the package manager chooses the mirror, nor of an index that is not the promised one', async () => {
  await expect(stateOf({ kind: 'distribution', mirror: null })).rejects.toThrow(PermanentError)
  await archive.publish('bookworm', { bash: {} })
  const index = { path: 'main/binary-amd64', sha256: 'ab'.repeat(32) }
  archive.put('dists/bookworm/main/binary-amd64/Packages.xz', 'of another day')
  const suites = [{ url: archive.url, suite: 'bookworm', optional: false, index }]
  await expect(stateOf({ kind: 'apt', suites })).rejects.toThrow(/Packages.xz is not the one that its suite promises/)
})
