import { basename } from 'node:path'
import { expect, it } from 'vitest'
import { debianDrop } from '../testing/drops.ts'
import { tellStory } from './story.ts'

it('what lies beside an image is left to the tree; checksums and indexes are told', () => {
  const body = debianDrop()
  const beside = ['spdx.json', 'provenance.json', 'console.log'].map(
    (ending) => `debian-12-generic-amd64-20260711.${ending}`,
  )
  const others = [...beside, 'SHA256SUMS', 'SHA256SUMS.gpg'].map((name) => {
    return { path: `${body.path}/amd64/${name}`, sha256: '0'.repeat(64), size: 1, image: null }
  })
  const story = tellStory(
    {
      at: '2026-07-11T12:00:00Z',
      body: { ...body, files: [...body.files, ...others] },
      withdrawn: null,
      changes: null,
    },
    new Map(),
  )
  expect(story.otherFiles.map(({ name }) => name)).toEqual([
    'debian-12-amd64-20260711-CHECKSUM',
    'debian-12-i386-20260711-CHECKSUM',
    'SHA256SUMS',
    'SHA256SUMS.gpg',
  ])
})

it('a metalink and a torrent beside an image are told with it', () => {
  const body = debianDrop()
  const image = body.files.find(({ path }) => path.endsWith('.qcow2'))
  const others = ['meta4', 'torrent'].map((ending) => {
    return { path: `${image?.path ?? ''}.${ending}`, sha256: '0'.repeat(64), size: 1, image: null }
  })
  const publication = { at: '2026-07-11T12:00:00Z', withdrawn: null, changes: null }
  const story = tellStory({ ...publication, body: { ...body, files: [...body.files, ...others] } }, new Map())
  const downloads = story.images.flatMap((one) => one.downloads)
  expect(downloads.flatMap(({ alternatives }) => alternatives)).toEqual([
    { title: 'metalink', name: `${basename(image?.path ?? '')}.meta4`, path: `${image?.path ?? ''}.meta4` },
    { title: 'torrent', name: `${basename(image?.path ?? '')}.torrent`, path: `${image?.path ?? ''}.torrent` },
  ])
  expect(downloads.find(({ alternatives }) => alternatives.length > 0)?.path).toBe(image?.path)
})
