import { appendFile, readFile } from 'node:fs/promises'
import type { BootTest } from '../boot-report.ts'
import type { SourceReport } from './source-boot.ts'

type SourceBoots = (...given: Parameters<BootTest>) => Promise<SourceReport[]>

/**
 * A boot that asks everything, and after it those that ask for one data source each. Their checks are named after their
 * source, and what their guests said and asked stands at the end of the console log. Their time counts.
 */
export function withSources(bootTest: BootTest, sourceBoots: SourceBoots): BootTest {
  return async (image, context) => {
    const { now } = context
    const start = now()
    const report = await bootTest(image, context)
    const others = await sourceBoots(image, context)
    for (const { name, console, requests } of others) {
      const said = await readFile(console, 'utf8')
      const asked = requests === null ? '' : await readFile(requests, 'utf8')
      await appendFile(
        report.console,
        `\n--- boot for the data source ${name} ---\n${said}\n--- what it asked ---\n${asked}`,
      )
    }
    const checks = others.flatMap(({ name, checks: own }) =>
      own.map((check) => ({ ...check, name: `${name}: ${check.name}` })),
    )
    return {
      ...report,
      checks: [...report.checks, ...checks],
      seconds: (now().getTime() - start.getTime()) / 1000,
    }
  }
}
