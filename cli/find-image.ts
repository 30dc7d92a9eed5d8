import { stat } from 'node:fs/promises'
import { pino } from 'pino'
import { imageBuilt, type ImageBuilt } from '#events/image-built.ts'
import { imageKey } from '#events/vocabulary.ts'
import type { NamedImage } from '#image/compare-images.ts'
import { openArtifacts } from './backends/open-artifacts.ts'
import { readArtifactSettings } from './backends/settings.ts'
import type { Environment } from './command.ts'
import { openLedgerToAsk } from './stack.ts'
import { UsageError } from './usage.ts'

export interface FindImageOptions {
  readonly stateFolder: string
  readonly env: Environment
}

/** An image by a path, or as `DROP/IMAGE`: the disk that was built for a drop. Throws UsageError when it is neither. */
export async function findImage(name: string, options: FindImageOptions): Promise<NamedImage> {
  const isThere = (await stat(name).catch(() => null)) !== null
  if (isThere) return { name, path: name }
  const [, drop, image] = /^([^/]+)\/([^/]+)$/.exec(name) ?? []
  if (drop === undefined || image === undefined) throw new UsageError(`there is no file ${JSON.stringify(name)}`)
  return { name, path: await diskOf({ drop, image }, options) }
}

async function diskOf(
  { drop, image }: { readonly drop: string; readonly image: string },
  { stateFolder, env }: FindImageOptions,
): Promise<string> {
  await using ledger = await openLedgerToAsk(stateFolder, env)
  const said = await ledger.events({ drop, subject: imageBuilt.subject })
  const built = said.map(({ envelope }) => envelope.body as ImageBuilt)
  const disk = built.findLast((one) => imageKey(one.image) === image)?.disk
  if (disk === undefined) {
    const names = [...new Set(built.map((one) => imageKey(one.image)))]
    const known = names.length === 0 ? 'no images of that drop are known' : `the drop has ${names.join(', ')}`
    throw new UsageError(
      `there is no file ${JSON.stringify(`${drop}/${image}`)}, and no such image of a drop: ${known}`,
    )
  }
  const log = pino({ level: 'error' }, pino.destination(2))
  const store = await openArtifacts(readArtifactSettings(env), stateFolder, log)
  return await store.open(disk)
}
