import type { ComposeImages, Composeinfo } from './composeinfo.ts'

/** What an incomplete compose lacks of what it set out to be, by variant and architecture. */
export function listMissing({ variants }: Composeinfo, images: ComposeImages): string[] {
  const missing = Object.entries(variants).flatMap(([variant, { arches, paths }]) => {
    const repositories = paths?.repository ?? paths?.os_tree
    const withoutRepository = repositories ? arches.filter((arch) => !repositories[arch]) : []
    const promised = Object.keys(paths?.images ?? images[variant] ?? {})
    const withoutImages = promised.filter((arch) => (images[variant]?.[arch] ?? []).length === 0)
    return [
      ...withoutRepository.map((arch) => `${variant} ${arch} has no repository`),
      ...withoutImages.map((arch) => `${variant} ${arch} has no images`),
    ]
  })
  return missing.length > 0
    ? missing
    : ['the compose says FINISHED_INCOMPLETE; its metadata names nothing that is missing']
}
