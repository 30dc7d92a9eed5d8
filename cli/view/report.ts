import { join } from 'node:path'
import type { DropView } from '#drop/view.ts'
import { imageKey } from '#events/vocabulary.ts'
import type { Published } from './published.ts'

/** What a published drop gives people: where the images are, and who was told. */
export function reportPublished({ body: published, told }: Published, stateFolder: string): string[] {
  const files = published.files.filter((file) => file.image !== null && !file.path.endsWith('.json'))
  const lines = [
    '',
    `${published.compose.id}: published and announced, blessed by ${published.by}`,
    `  mirror    ${join(stateFolder, 'mirror', published.path)} (${String(files.length)} image files)`,
  ]
  for (const { image, registrations } of published.images) {
    for (const one of registrations) {
      const emulated = one.emulated ? ' (emulated)' : ''
      lines.push(`  ${one.target.padEnd(9)} ${one.id} in ${one.place}${emulated}: ${imageKey(image)}, ${one.name}`)
    }
  }
  for (const one of told) lines.push(`  ${one.channel.padEnd(9)} ${one.to}`)
  return lines
}

/** One sentence on a drop that somebody asked for although it is published. */
export function reportEarlier({ at, body }: Published, stateFolder: string): string[] {
  const place = join(stateFolder, 'mirror', body.path)
  return [`${body.compose.id} was published on ${at.slice(0, 10)} at ${at.slice(11, 16)} UTC: it is in ${place}`]
}

/** Images that the first engine of their plan could not build: which one did, and why no earlier one. */
export function reportEngines({ engines }: DropView): string[] {
  return engines.flatMap(({ image, engine: { name, version, earlier } }) => {
    const reasons = earlier.map((one) => `${one.name} could not (${one.class}): ${one.reason}`)
    return reasons.length === 0 ? [] : [`  ${image} was built by ${name} ${version}, as ${reasons.join('; ')}`]
  })
}

/** Which image failed at which step, why, where its log is, and what to do next. */
export function reportFailed(view: DropView, stateFolder: string): string[] {
  const lines = ['', `${view.drop} ${view.phase === 'staged' ? 'is incomplete' : view.phase}`]
  for (const { image, failure } of view.failures) {
    lines.push(`  ${image ?? 'drop'} failed at ${failure.step} (${failure.class}): ${failure.reason}`)
    const folder = join(stateFolder, 'logs', view.drop, image ?? 'drop', failure.step)
    lines.push(`    log: ${failure.log ? artifactPath(stateFolder, failure.log.sha256) : folder}`)
  }
  const next = nextSteps(view)
  return next === null ? lines : [...lines, `  ${next}`]
}

function nextSteps({ drop, phase, passed }: DropView): string | null {
  const retry = `\`npx imagedrop retry ${drop}\` takes it up again`
  if (phase === 'superseded' || phase === 'expired') return null
  return phase === 'cancelled' || phase === 'unchanged' || passed === 0
    ? retry
    : `${retry}; \`npx imagedrop bless ${drop}\` publishes what passed`
}

function artifactPath(stateFolder: string, sha256: string): string {
  return join(stateFolder, 'artifacts', sha256.slice(0, 2), sha256)
}
