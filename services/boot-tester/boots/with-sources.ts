import { appendFile, readFile } from 'node:fs/promises'
import type { BootTest } from '../boot-report.ts'
import type { SourcesReport } from './boot-sources.ts'

/**
 * Makes one report of a long boot and the short ones beside it. Their checks are named after their source, and what their
 * guests said and asked stands at the end of the console log. The time is that of all.
 */
export function withSources(bootAll: (...given: Parameters<BootTest>) => Promise<SourcesReport>): BootTest {
  return async (image, context) => {
    const start = context.now()
    const { long, sources } = await bootAll(image, context)
    if (!long) throw new Error('no boot has asked everything')
    const seconds = (context.now().getTime() - start.getTime()) / 1000
    for (const { name, console, requests } of sources) {
      const said = await readFile(console, 'utf8')
      const asked = requests === null ? '' : await readFile(requests, 'utf8')
      const about = `\n--- boot for the data source ${name} ---\n${said}\n--- what it asked ---\n${asked}`
      await appendFile(long.console, about)
    }
    const checks = sources.flatMap(({ name, checks: own }) =>
      own.map((check) => ({ ...check, name: `${name}: ${check.name}` })),
    )
    return { ...long, checks: [...long.checks, ...checks], seconds }
  }
}
