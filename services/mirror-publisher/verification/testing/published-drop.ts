import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { exampleRegistration } from '#events/examples.ts'
import { candidate, keepImages } from '../../testing/drops.ts'
import { makeKey, makeSigstore } from '../../testing/keys.ts'
import { blessed, hear, treeOf } from '../../testing/speak.ts'
import { openScene } from '../../testing/scene.ts'
import { betaImages } from '../../testing/tree.ts'

/** The generic image for x86_64, without the end of a file's name; then the one for EC2. */
export const stem = 'x86_64/Fedora-x86_64-19-Beta-1.1-sda'
export const other = 'x86_64/Fedora-AmazonEC2-x86_64-19-Beta-1.1-sda'

export type PublishedDrop = Awaited<ReturnType<typeof publishDrop>>

/** A mirror with one drop that is signed in both ways, and a copy of it to damage. */
export async function publishDrop() {
  await using stack = new AsyncDisposableStack()
  const opened = stack.use(await openScene())
  const key = stack.use(await makeKey('releng@example.org'))
  const sigstore = makeSigstore()
  const signer = await key.signer()
  const scene = { ...opened, mirror: { ...opened.mirror, signer, sigstore } }
  const drop = candidate(1, await keepImages(opened.store))
  const images = drop.images.map((image) => ({ ...image, registrations: [exampleRegistration] }))
  treeOf(await hear(scene, blessed({ ...drop, images })), dropMirrored)
  const mirror = join(scene.home, 'copy')
  const at = (path: string) => join(mirror, betaImages, path)
  const keys = { openpgp: await key.armored(), sigstore: sigstore.publicKey }
  const kept = stack.move()
  return {
    home: scene.home,
    mirror,
    /** A file of the copy. */
    at,
    keys,
    fingerprint: signer.key.fingerprint,
    /** Copies the whole mirror anew. */
    async renew(): Promise<void> {
      await rm(mirror, { recursive: true, force: true })
      await cp(scene.mirror.root, mirror, { recursive: true })
    },
    /** Signs the copy's list of files anew. */
    sign: async () => {
      await key.sign(at('SHA256SUMS'), at('SHA256SUMS.gpg'))
      await writeFile(at('SHA256SUMS.sigstore.json'), sigstore.signText(await readFile(at('SHA256SUMS'), 'utf8')))
    },
    /** Publishes another drop that is signed by the same keys, and gives its folder. */
    async publishOther(): Promise<string> {
      await using elsewhere = await openScene()
      const next = candidate(2, await keepImages(elsewhere.store, 100))
      await hear({ ...elsewhere, mirror: { ...elsewhere.mirror, signer, sigstore } }, blessed(next))
      const folder = join(scene.home, 'other')
      await rm(folder, { recursive: true, force: true })
      await cp(elsewhere.at(betaImages), folder, { recursive: true })
      return folder
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
