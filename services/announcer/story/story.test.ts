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
