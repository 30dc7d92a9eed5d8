import { join } from 'node:path'
import type { BootTest } from '../boot-report.ts'
import type { DataSource } from '../datasources/datasource.ts'
import { createSourceBoot, type SourceReport } from './source-boot.ts'

interface BootSourcesOptions extends Omit<Parameters<typeof createSourceBoot>[0], 'datasource'> {
  readonly datasources: readonly DataSource[]
  /** How many guests may run side by side: most of a boot keeps one processor busy. */
  readonly atOnce: number
}

/** Boots an image once for each of several data sources; the reports come in their order. Each has folders of its own. */
export function createSourceBoots({ datasources, atOnce, ...options }: BootSourcesOptions) {
  return async (image: Parameters<BootTest>[0], context: Parameters<BootTest>[1]): Promise<SourceReport[]> => {
    const failed = new AbortController()
    const signal = AbortSignal.any([context.signal, failed.signal])
    const waiting = [...datasources.entries()]
    const reports: SourceReport[] = []
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, datasource] = next
        const { workFolder, logFolder } = context
        const folders = { workFolder: join(workFolder, 'boots'), logFolder: join(logFolder, datasource.name) }
        reports[index] = await createSourceBoot({ ...options, datasource })(image, { ...context, ...folders, signal })
      }
    }
    // The first error ends the others, and no guest is left running when it is thrown.
    const workers = Array.from({ length: atOnce }, () =>
      work().catch((error: unknown) => {
        failed.abort(error)
      }),
    )
    await Promise.all(workers)
    signal.throwIfAborted()
    return reports
  }
}
