import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readFile, stat, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { ArtifactRef } from '#events/vocabulary.ts'
import {
  ArtifactCorrupted,
  ArtifactMissing,
  type ArtifactStock,
  type ArtifactStore,
  type StoredArtifact,
} from './store.ts'

/** A store for a test, and what can befall it. */
export interface ArtifactPlace extends AsyncDisposable {
  readonly store: ArtifactStore & ArtifactStock
  /** The same artifacts as another host sees them. */
  readonly elsewhere: () => Promise<ArtifactStore>
  /** Puts other bytes in the place of an artifact, behind the store's back. */
  readonly replace: (ref: ArtifactRef, bytes: string) => Promise<void>
}

const MiB = 1024 * 1024

/** What every artifact store promises. */
export function testArtifacts(name: string, prepare: () => Promise<ArtifactPlace>): void {
  describe(`the ${name} artifact store`, () => {
    it('keeps a file under its SHA-256, as it was', async () => {
      await using place = await prepare()
      await using draft = await place.store.draft('disk.raw')
      await writeFile(draft.path, 'some bytes')
      const ref = await place.store.keep(draft, { format: 'raw' })
      expect(ref).toMatchObject({ sha256: sha256('some bytes'), size: 10, format: 'raw' })
      expect(existsSync(draft.path)).toBe(false)
      expect(await readFile(await place.store.open(ref), 'utf8')).toBe('some bytes')
      await place.store.verify(ref)
    })

    it('keeps the same bytes once', async () => {
      await using place = await prepare()
      const one = await place.store.keepBytes('twice', 'log')
      const other = await place.store.keepBytes('twice', 'log')
      expect(other).toEqual(one)
      expect(await place.store.open(other)).toBe(await place.store.open(one))
    })

    it('leaves nothing behind of a draft that is not kept', async () => {
      await using place = await prepare()
      let path = ''
      {
        await using draft = await place.store.draft('half')
        path = draft.path
        await writeFile(path, 'half')
      }
      expect(existsSync(path)).toBe(false)
    })

    it('says which artifact is missing', async () => {
      await using place = await prepare()
      const ref = { uri: 'artifact:x', sha256: sha256('never kept'), size: 10, format: 'raw' }
      await expect(place.store.open(ref)).rejects.toThrow(ArtifactMissing)
      await expect(place.store.open(ref)).rejects.toThrow(ref.sha256)
    })

    it('shows an artifact to other hosts as soon as it is kept', async () => {
      await using place = await prepare()
      const ref = await place.store.keepBytes('for everybody', 'log')
      const elsewhere = await place.elsewhere()
      expect(await readFile(await elsewhere.open(ref), 'utf8')).toBe('for everybody')
      await elsewhere.verify(ref)
    })

    it('keeps an empty file', async () => {
      await using place = await prepare()
      const ref = await place.store.keepBytes('', 'log')
      expect(ref.size).toBe(0)
      expect(await readFile(await (await place.elsewhere()).open(ref), 'utf8')).toBe('')
    })

    it('keeps the holes of a sparse file', async () => {
      await using place = await prepare()
      await using draft = await place.store.draft('disk.raw')
      {
        await using file = await open(draft.path, 'w')
        await file.truncate(24 * MiB)
        await file.write('data', MiB)
      }
      const ref = await place.store.keep(draft, { format: 'raw' })
      for (const store of [place.store, await place.elsewhere()]) {
        const { size, blocks } = await stat(await store.open(ref))
        expect(size).toBe(24 * MiB)
        expect(blocks * 512).toBeLessThan(MiB)
      }
    })

    it('keeps nothing when it is told to stop', async () => {
      await using place = await prepare()
      await using draft = await place.store.draft('late')
      await writeFile(draft.path, 'too late')
      const signal = AbortSignal.abort(new Error('cancelled by a person'))
      await expect(place.store.keep(draft, { format: 'raw', signal })).rejects.toThrow('cancelled by a person')
      const ref = { uri: 'artifact:x', sha256: sha256('too late'), size: 8, format: 'raw' }
      await expect(place.store.open(ref)).rejects.toThrow(ArtifactMissing)
    })

    it('refuses an artifact that was cut short, and one whose bytes changed', async () => {
      await using place = await prepare()
      const short = await place.store.keepBytes('will be cut', 'raw')
      await place.replace(short, 'will')
      await expect((await place.elsewhere()).open(short)).rejects.toThrow(ArtifactCorrupted)
      const changed = await place.store.keepBytes('will change', 'raw')
      await place.replace(changed, 'has changed')
      await expect(place.store.verify(changed)).rejects.toThrow(ArtifactCorrupted)
    })

    it('mends a corrupted artifact when the same bytes are kept again', async () => {
      await using place = await prepare()
      const ref = await place.store.keepBytes('precious', 'raw')
      await place.replace(ref, 'ruinous!')
      await expect(place.store.verify(ref)).rejects.toThrow(ArtifactCorrupted)
      await place.store.keepBytes('precious', 'raw')
      await place.store.verify(ref)
      expect(await readFile(await (await place.elsewhere()).open(ref), 'utf8')).toBe('precious')
    })

    it('lists what it has, and when that was kept', async () => {
      await using place = await prepare()
      const refs = [await place.store.keepBytes('one', 'log'), await place.store.keepBytes('another', 'png')]
      await using _draft = await place.store.draft('unfinished')
      const listed: StoredArtifact[] = []
      for await (const one of place.store.list()) listed.push(one)
      expect(new Set(listed.map((one) => one.sha256))).toEqual(new Set(refs.map((ref) => ref.sha256)))
      for (const { bytes, keptAt } of listed) {
        expect(bytes).toBeGreaterThan(0)
        expect(Math.abs(keptAt.getTime() - Date.now())).toBeLessThan(600_000)
      }
    })

    it('removes what was not kept since a time, and nothing else', async () => {
      await using place = await prepare()
      const [old, other] = [await place.store.keepBytes('old', 'raw'), await place.store.keepBytes('other', 'raw')]
      const [past, future] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)]
      expect(await place.store.remove(old.sha256, past)).toBe(false)
      expect(await place.store.remove(old.sha256, future)).toBe(true)
      expect(await place.store.remove(old.sha256, future)).toBe(false)
      const elsewhere = await place.elsewhere()
      await expect(elsewhere.open(old)).rejects.toThrow(ArtifactMissing)
      await elsewhere.verify(other)
      expect(await place.store.keepBytes('old', 'raw')).toEqual(old)
      await elsewhere.verify(old)
    })
  })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
