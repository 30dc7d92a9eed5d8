import { copyFile } from 'node:fs/promises'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { ImageTested } from '#events/image-tested.ts'
import type { ArtifactRef, BootRecord } from '#events/vocabulary.ts'
import { formatJUnit } from './report/junit.ts'
import { formatPage } from './report/page.ts'
import type { Reported } from './report/subject.ts'
import { decisiveBoot, type ImageReport } from './image-report.ts'

/** Keeps what every boot has left, and gives the boots as events tell them. */
export async function keepBoots(artifacts: ArtifactStore, { boots }: ImageReport): Promise<BootRecord[]> {
  const kept: BootRecord[] = []
  for (const boot of boots) {
    const { console, screenshots, requests, phases } = boot
    kept.push({
      ...boot,
      phases: [...phases],
      console: console === null ? null : await keepCopy(artifacts, console, 'log'),
      screenshots: await keepAll(artifacts, screenshots),
      requests: requests === null ? null : await keepCopy(artifacts, requests, 'jsonl'),
    })
  }
  return kept
}

/** What the boot that decided has left, for those who look at one. */
export async function decisiveEvidence(
  artifacts: ArtifactStore,
  boots: readonly BootRecord[],
): Promise<Pick<ImageTested, 'console' | 'screenshot' | 'accelerator'>> {
  const boot = decisiveBoot(boots)
  const nothing = 'Nothing was booted: the disk itself failed its checks.\n'
  return {
    console: boot?.console ?? (await artifacts.keepBytes(nothing, 'log')),
    screenshot: boot?.screenshots.find(({ moment }) => moment === 'end')?.ref ?? null,
    accelerator: boot?.accelerator ?? 'none',
  }
}

/** Keeps the report for people, and the one for test tools. */
export async function keepReports(artifacts: ArtifactStore, report: Reported): Promise<ArtifactRef[]> {
  return [
    await artifacts.keepBytes(await formatPage(report), 'html'),
    await artifacts.keepBytes(formatJUnit(report), 'junit.xml'),
  ]
}

async function keepAll(artifacts: ArtifactStore, screenshots: ImageReport['boots'][number]['screenshots']) {
  const kept: BootRecord['screenshots'] = []
  for (const { moment, path } of screenshots) kept.push({ moment, ref: await keepCopy(artifacts, path, 'png') })
  return kept
}

/** The original stays where people look for logs. */
async function keepCopy(artifacts: ArtifactStore, path: string, format: string): Promise<ArtifactRef> {
  await using draft = await artifacts.draft(`evidence.${format}`)
  await copyFile(path, draft.path)
  return await artifacts.keep(draft, { format })
}
