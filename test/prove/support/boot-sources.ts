import { join } from 'node:path'
import { sideBySide } from '#service/side-by-side.ts'
import type { BootReport, BootTest } from '../../../services/boot-tester/boot-report.ts'
import { createSourceBoot } from '../../../services/boot-tester/boots/source-boot.ts'
import type { DataSource } from '../../../services/boot-tester/datasources/datasource.ts'

interface BootSourcesOptions extends Omit<Parameters<typeof createSourceBoot>[0], 'datasource'> {
  readonly datasources: readonly DataSource[]
  /** Asks everything else about the image, and is made beside the others. */
  readonly long?: BootTest
  /** How many guests may run at once: most of a boot keeps one processor busy. */
  readonly atOnce: number
}

/** What several boots of one image found. */
export interface SourcesReport {
  /** Of the long boot, null when there was none. */
  readonly long: Awaited<ReturnType<BootTest>> | null
  /** In the order of the data sources. */
  readonly sources: readonly (BootReport & { readonly name: string })[]
}

/** Boots an image once for each of several data sources, the long boot first. Each has folders of its own. */
export function createSourceBoots({ datasources, long, atOnce, ...options }: BootSourcesOptions) {
  return async (image: Parameters<BootTest>[0], context: Parameters<BootTest>[1]): Promise<SourcesReport> => {
    const { workFolder, logFolder, progress } = context
    let first: SourcesReport['long'] = null
    const bootLong = async (signal: AbortSignal) => {
      first = (await long?.(image, { ...context, signal })) ?? null
      return null
    }
    const shorts = datasources.map((datasource) => async (signal: AbortSignal) => {
      const { name } = datasource
      const own = {
        ...context,
        signal,
        workFolder: join(workFolder, 'boots'),
        logFolder: join(logFolder, name),
        progress: (one: Parameters<typeof progress>[0]) => {
          progress({ ...one, phase: `${name}: ${one.phase}` })
        },
      }
      return { name, ...(await createSourceBoot({ ...options, datasource })(image, own)) }
    })
    const reports = await sideBySide([...(long ? [bootLong] : []), ...shorts], { atOnce, signal: context.signal })
    return { long: first, sources: reports.filter((report) => report !== null) }
  }
}
