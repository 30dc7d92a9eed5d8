import type { DropPublished } from '#events/drop-published.ts'

/** The drop that came before one: of the same release and kind, made of the newest compose that is older. */
export function previousOf(body: DropPublished, drops: readonly DropPublished[]): DropPublished | null {
  const stream = streamOf(body)
  let newest: DropPublished | null = null
  for (const one of drops) {
    if (isOlder(one, body) && (newest === null || isOlder(newest, one)) && streamOf(one) === stream) newest = one
  }
  return newest
}

function streamOf({ kind, compose }: DropPublished): string {
  return `${kind} ${compose.short} ${compose.version}`
}

function isOlder({ compose: one }: DropPublished, { compose: other }: DropPublished): boolean {
  return one.date === other.date ? one.respin < other.respin : one.date < other.date
}
