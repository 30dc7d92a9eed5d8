import { checkFiles, findStrangers } from './check-files.ts'
import { checkImage } from './check-image.ts'
import { checkSignatures, type Keys } from './check-signatures.ts'
import { takeNotes, type Finding } from './finding.ts'
import { imagesOf, type FoundImage } from './images-of.ts'
import { readDrop, type FoundDrop } from './read-drop.ts'
import type { Source } from './source.ts'

/** What came of verifying a drop. */
export interface Verification {
  readonly where: string
  readonly drop: string | null
  readonly compose: string | null
  /** `unproven`: nothing is wrong, but by no key that was given is it known who signed it. */
  readonly verdict: 'verified' | 'unproven' | 'wrong'
  readonly findings: readonly Finding[]
}

export interface VerifyOptions {
  readonly keys: Keys
  /** One image by its key; null for all. */
  readonly image: string | null
  /** A file of the drop that is meant: when it is one of an image, only that image is verified. */
  readonly named?: string
}

/** Verifies a copy of a drop: who signed it, every file, and each image back to its compose. */
export async function verifyDrop(source: Source, { keys, image, named = '' }: VerifyOptions): Promise<Verification> {
  const notes = takeNotes()
  const drop = await readDrop(source, notes)
  if (drop) {
    const all = imagesOf(drop)
    const owner = all.filter(({ stem }) => named.startsWith(`${stem}.`))
    const wanted = image === null ? (owner.length > 0 ? owner : all) : all.filter(({ key }) => key === image)
    if (wanted.length === 0) {
      notes
        .about('drop', null)
        .wrong(`there is no image ${image ?? ''}; there are ${all.map(({ key }) => key).join(', ')}`)
    }
    await checkSignatures(drop, keys, notes)
    await checkFiles(drop, (path) => isOf(path, wanted, all), notes)
    if (wanted.length === all.length) await findStrangers(drop, notes)
    for (const one of wanted) await checkImage(drop, one, notes)
  }
  return conclude(source, drop, notes.findings)
}

/** What belongs to the images that are wanted, and what belongs to none. */
function isOf(path: string, wanted: readonly FoundImage[], all: readonly FoundImage[]): boolean {
  const owner = all.find(({ stem }) => path.startsWith(`${stem}.`))
  return owner === undefined || wanted.includes(owner)
}

function conclude({ where }: Source, drop: FoundDrop | null, findings: readonly Finding[]): Verification {
  const isWrong = findings.some(({ outcome }) => outcome === 'wrong')
  const isSigned = findings.some(({ about, outcome }) => about === 'signature' && outcome === 'good')
  return {
    where,
    drop: drop?.record.drop ?? null,
    compose: drop?.record.compose.id ?? null,
    verdict: isWrong ? 'wrong' : isSigned ? 'verified' : 'unproven',
    findings,
  }
}
