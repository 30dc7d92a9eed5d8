import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { writeDurably } from '#files/durable.ts'
import { readLicenses, type Licenses } from '#image/licenses/read-licenses.ts'

interface Reading {
  /** A folder for copies of databases. */
  readonly scratch: string
  readonly signal: AbortSignal
  readonly log: Pick<Logger, 'warn'>
}

const list = z.looseObject({
  packages: z.array(z.looseObject({ name: z.string(), architecture: z.string().optional() })),
})

/**
 * Adds to a list of packages what each says of its licences, from the image itself: whichever engine made the list. An
 * image that cannot be read here is no worse for it; its list stays as it is.
 */
export async function addLicenses(
  { disk, packages: file }: { readonly disk: string; readonly packages: string },
  { scratch, signal, log }: Reading,
): Promise<void> {
  const { packages, ...others } = list.parse(JSON.parse(await readFile(file, 'utf8')))
  if (packages.length === 0) return
  const licenses = await readIfPossible(disk, { scratch, signal, log })
  if (licenses.size === 0) return
  const declared = packages.map(({ name, architecture = '' }) => licenses.get(`${name}:${architecture}`))
  const rows = packages.map((row, index) => {
    const expression = declared[index]?.expression
    return JSON.stringify(expression === undefined ? row : { ...row, license: expression })
  })
  const texts = new Map(declared.flatMap((one) => one?.texts ?? []).map((text) => [text.id, text]))
  const rest = JSON.stringify({ ...others, licenseTexts: [...texts.values()] }).slice(1)
  await writeDurably(file, `{"packages":[\n${rows.join(',\n')}\n],\n${rest}\n`)
}

async function readIfPossible(disk: string, { scratch, signal, log }: Reading): Promise<Licenses> {
  try {
    return await readLicenses(disk, { scratch, signal })
  } catch (error) {
    signal.throwIfAborted()
    log.warn({ err: error }, 'the licences of the packages cannot be read from the image')
    return new Map()
  }
}
