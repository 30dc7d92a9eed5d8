import type { MirroredFile } from '#events/vocabulary.ts'
import type { FoundDrop } from './read-drop.ts'

/** One image of a drop as its files tell. */
export interface FoundImage {
  /** `generic.x86_64` */
  readonly key: string
  /** What the paths of its files, and of its evidence, begin with. */
  readonly stem: string
  /** Its formats. */
  readonly formats: readonly MirroredFile[]
}

/** The images of a drop, by the files that belong to one. */
export function imagesOf({ record }: FoundDrop): FoundImage[] {
  const stems = record.files.flatMap(({ path }) => /^(.*)\.(packages|provenance)\.json$/.exec(path)?.[1] ?? [])
  const byImage = Map.groupBy(record.files, ({ image }) => image)
  return [...byImage].flatMap(([key, files]) => {
    if (key === null) return []
    const formats = files.filter(({ path }) => !path.endsWith('.packages.json'))
    const [first] = formats
    if (!first) return []
    return [{ key, stem: stems.find((stem) => first.path.startsWith(`${stem}.`)) ?? first.path, formats }]
  })
}
