import type { StoryImage, StoryRegistration } from '../story/story.ts'
import { wrap } from './wrap.ts'

interface Row extends StoryRegistration {
  readonly target: string
  readonly image: string
}

/** What is registered where, a section per target, by place. */
export function registrationSections(images: readonly StoryImage[]): string[][] {
  const rows: Row[] = images.flatMap(({ key, targets }) =>
    targets.flatMap(({ title, registrations }) => registrations.map((one) => ({ ...one, target: title, image: key }))),
  )
  return [...Map.groupBy(rows, ({ target }) => target)].map(([target, group]) => [
    target,
    ...[...Map.groupBy(group, ({ place }) => place)].flatMap(([place, entries]) => [
      `  ${place}`,
      ...placeLines(entries),
    ]),
    ...missingLines(target, images),
  ])
}

/** The reason is for the operator; people want to know where to look again. */
function missingLines(title: string, images: readonly StoryImage[]): string[] {
  const rows = images.flatMap(({ key, targets }) =>
    targets.filter((one) => one.title === title).flatMap(({ missing }) => missing.map((place) => ({ key, place }))),
  )
  return [...Map.groupBy(rows, ({ place }) => place)].flatMap(([place, group]) =>
    wrap(`not yet in ${place}: ${group.map(({ key }) => key).join(', ')}`, { first: '  ', rest: '    ' }),
  )
}

/** Ids may be as long as they like: nothing stands behind them but a note. */
function placeLines(entries: readonly Row[]): string[] {
  const width = Math.max(...entries.map(({ image }) => image.length))
  return entries.map(({ image, id, emulated, state }) => {
    const notes = [...(state === null ? [] : [state]), ...(emulated ? ['emulated'] : [])]
    return `    ${image.padEnd(width)}  ${id}${notes.length === 0 ? '' : `  (${notes.join(', ')})`}`
  })
}
