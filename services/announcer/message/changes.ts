import type { StoryChanges } from '../story/changes.ts'
import { sizeInWords } from '../story/words.ts'
import { table } from './table.ts'
import { wrap } from './wrap.ts'

/** A mass rebuild changes every package: a mail tells the first of them, and where the rest can be seen. */
const longestSection = 60

/** What is different from the drop before, in sections: a table of the images, then the packages. */
export function changeSections({ since, images, stable, updated, added, removed }: StoryChanges): string[][] {
  const nothing = [stable, updated, added, removed].every((all) => all.length === 0)
  const isCompared = images.some(({ compared }) => compared)
  return [
    [`Changes since ${since}`],
    ...(images.length === 0 ? [wrap('No image is in both drops.')] : [imageTable(images)]),
    ...(isCompared && nothing ? [wrap('Every package has the version that it had.')] : []),
    ...packageSection('Security and stable updates', stable),
    ...packageSection('Updated', updated),
    ...packageSection('Added', added),
    ...packageSection('Removed', removed),
  ]
}

function imageTable(images: StoryChanges['images']): string[] {
  const columns = [
    { heading: 'Image' },
    ...['Updated', 'Added', 'Removed', 'Size', 'Boot'].map((heading) => ({ heading, right: true })),
  ]
  const rows = images.map(({ image, compared, updated, added, removed, growth, slower }) => [
    image,
    ...[updated, added, removed].map((number) => (compared ? String(number) : '?')),
    growth === null ? '?' : signed(growth.bytes, sizeInWords),
    slower === null ? '?' : signed(Math.round(slower), (seconds) => `${String(seconds)} s`),
  ])
  return table(columns, rows)
}

function signed(number: number, inWords: (number: number) => string): string {
  if (number === 0) return 'same'
  return `${number < 0 ? '-' : '+'}${inWords(Math.abs(number))}`
}

function packageSection(title: string, packages: StoryChanges['updated']): string[][] {
  if (packages.length === 0) return []
  const rest = packages.length - longestSection
  const lines = packages.slice(0, longestSection).map(({ name, before, after, only }) => {
    const versions = before !== null && after !== null ? `${before} -> ${after}` : (after ?? before ?? '')
    return `  ${name} ${versions}${only === null ? '' : ` (${only.join(', ')})`}`
  })
  return [[title, ...lines, ...(rest > 0 ? [`  and ${String(rest)} more, see the package lists of both drops`] : [])]]
}
