import { join } from 'node:path'
import { imageKey } from '#events/vocabulary.ts'
import type { DropView } from './drop-view.ts'

/** What a finished drop gives people: where the images are, and who was told. */
export function reportPublished(view: DropView, stateFolder: string): string[] {
  const published = view.published
  if (!published) return []
  const files = published.files.filter((file) => file.image !== null && !file.path.endsWith('.json'))
  const lines = [
    '',
    `${published.compose.id}: published and announced, blessed by ${published.by}`,
    `  mirror    ${join(stateFolder, 'mirror', published.path)} (${String(files.length)} image files)`,
  ]
  for (const { image, registrations } of published.images) {
    for (const one of registrations) {
      const emulated = one.emulated ? ' (emulated)' : ''
      lines.push(`  EC2       ${one.imageId} in ${one.region}${emulated}: ${imageKey(image)}, ${one.name}`)
    }
  }
  for (const one of view.told ?? []) lines.push(`  ${one.channel.padEnd(9)} ${one.to}`)
  return lines
}

/** Which image failed at which step, why, where its log is, and what to do next. */
export function reportFailed(view: DropView, stateFolder: string): string[] {
  const lines = ['', `${view.drop} failed`]
  for (const { image, failure } of view.failures) {
    lines.push(`  ${image ?? 'drop'} failed at ${failure.step} (${failure.class}): ${failure.reason}`)
    const folder = join(stateFolder, 'logs', view.drop, image ?? 'drop', failure.step)
    lines.push(`    log: ${failure.log ? artifactPath(stateFolder, failure.log.sha256) : folder}`)
  }
  lines.push(
    `  \`npx imagedrop retry ${view.drop}\` takes it up again; \`npx imagedrop bless ${view.drop}\` publishes what passed`,
  )
  return lines
}

function artifactPath(stateFolder: string, sha256: string): string {
  return join(stateFolder, 'artifacts', sha256.slice(0, 2), sha256)
}
