import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ArtifactCorrupted, ArtifactMissing, type ArtifactStore } from './store.ts'

/** What every artifact store promises. */
export function testArtifacts(name: string, prepare: () => Promise<{ store: ArtifactStore } & AsyncDisposable>): void {
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

    it('refuses an artifact that was cut short, and one whose bytes changed', async () => {
      await using place = await prepare()
      const short = await place.store.keepBytes('will be cut', 'raw')
      await truncate(await place.store.open(short), 4)
      await expect(place.store.open(short)).rejects.toThrow(ArtifactCorrupted)
      const changed = await place.store.keepBytes('will change', 'raw')
      await writeFile(await place.store.open(changed), 'has changed')
      await expect(place.store.verify(changed)).rejects.toThrow(ArtifactCorrupted)
    })

    it('mends a corrupted artifact when the same bytes are kept again', async () => {
      await using place = await prepare()
      const ref = await place.store.keepBytes('precious', 'raw')
      await writeFile(await place.store.open(ref), 'ruinous!')
      await expect(place.store.verify(ref)).rejects.toThrow(ArtifactCorrupted)
      await place.store.keepBytes('precious', 'raw')
      await place.store.verify(ref)
    })
  })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
