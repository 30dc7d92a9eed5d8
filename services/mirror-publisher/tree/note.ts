import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { z } from 'zod'
import { dropContext } from '#events/vocabulary.ts'
import { isMissing, makeFolder, writePublicFile } from '../durable.ts'
import { escapeMarkup } from '../markup.ts'

const noteShape = z.strictObject({
  format: z.literal('imagedrop-withdrawn:1'),
  drop: dropContext.drop,
  path: z.string(),
  state: z.enum(['superseded', 'withdrawn', 'expired']),
  since: z.iso.datetime(),
  by: z.string(),
  reason: z.string().nullable(),
  successor: z.strictObject({ drop: dropContext.drop, path: z.string().nullable() }).nullable(),
})

/** What stays in the place of a drop that is over, so that its address still says something. */
export type WithdrawalNote = z.infer<typeof noteShape>

const noteName = 'withdrawn.json'

/** The files of such a folder. */
export const noteFiles: readonly string[] = [noteName, 'README', 'index.html']

/** Writes the folder of a note. */
export async function writeNote(folder: string, note: WithdrawalNote): Promise<void> {
  await makeFolder(folder)
  const texts: Readonly<Record<string, string>> = {
    [noteName]: `${JSON.stringify(note, null, 2)}\n`,
    README: `${sentencesOf(note).join('\n')}\n`,
    'index.html': page(note),
  }
  for (const [name, text] of Object.entries(texts)) await writePublicFile(join(folder, name), text)
}

/** The note that a folder is; null for any other folder. */
export async function readNote(folder: string): Promise<WithdrawalNote | null> {
  try {
    return noteShape.parse(JSON.parse(await readFile(join(folder, noteName), 'utf8')))
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}

function sentencesOf({ drop, state, since, by, reason, successor }: WithdrawalNote): string[] {
  return [
    `The images of ${drop} are not here any more.`,
    state === 'expired'
      ? `They expired on ${since.slice(0, 10)}${reason === null ? '.' : `: ${reason}.`}`
      : `They were ${state} on ${since.slice(0, 10)} by ${by}${reason === null ? '.' : `: ${reason}`}`,
    successor === null ? 'No other drop takes their place.' : `Use ${successor.drop} instead.`,
  ]
}

function page(note: WithdrawalNote): string {
  const { drop, path, successor } = note
  const link =
    successor?.path === null || successor === null
      ? ''
      : `<p><a href="${escapeMarkup(encodeURI(posix.relative(path, successor.path)))}/">${escapeMarkup(successor.drop)}</a></p>\n`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeMarkup(drop)} was withdrawn</title>
${sentencesOf(note)
  .map((sentence) => `<p>${escapeMarkup(sentence)}</p>\n`)
  .join('')}${link}</html>
`
}
