import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatJUnit } from '../../services/boot-tester/report/junit.ts'
import { formatPage } from '../../services/boot-tester/report/page.ts'
import type { Reported } from '../../services/boot-tester/report/subject.ts'
import { describeTest, leftFiles } from './document.ts'

/** Writes the reports of a test into a folder, with all that its boots have left. */
export async function writeReport(folder: string, report: Reported): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { name, path } of leftFiles(report)) await copyFile(path, join(folder, name))
  await writeFile(join(folder, 'boot-test.json'), await describeTest(report))
  await writeFile(join(folder, 'boot-test.junit.xml'), formatJUnit(report))
  await writeFile(join(folder, 'boot-test.html'), await formatPage(report))
}
