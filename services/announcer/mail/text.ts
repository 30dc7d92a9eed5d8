import type { Download, Story, StoryImage } from '../story/story.ts'
import { count, dayInWords, secondsInWords, sizeInWords } from '../story/words.ts'
import { wrap } from './wrap.ts'

/** Writes the announcement as plain text of 72 columns; only addresses and file names may be longer. */
export function announcementText(story: Story): string {
  const parts = [
    wrap(openingOf(story)),
    factsOf(story),
    ...story.images.map(imageSection),
    verifySection(story),
    ['-- ', 'Sent by imagedrop. Nobody reads replies to this address.'],
  ]
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function openingOf({ title, publishedAt, images }: Story): string {
  const passed = images.filter((image) => image.passed).length
  const verdict =
    passed === images.length
      ? `${passed === 1 ? 'The image' : `All ${String(passed)} images`} passed the boot test.`
      : `The drop is incomplete: ${String(passed)} of ${count(images.length, 'image')} passed.`
  return `${title}: published on ${dayInWords(publishedAt)}. ${verdict}`
}

function factsOf({ drop, compose, blessedBy, place }: Story): string[] {
  return [`  Drop     ${drop}`, `  Compose  ${compose}`, `  Blessed  by ${blessedBy}`, `  Place    ${place.url}`]
}

function imageSection(image: StoryImage): string[] {
  const heading = `${image.key}: ${image.passed ? 'passed' : 'FAILED'}`
  return [
    heading,
    '='.repeat(heading.length),
    ...(image.failure === null ? [] : wrap(image.failure, { first: '  ', rest: '  ' })),
    ...checkLines(image),
    ...image.downloads.flatMap(downloadLines),
    ...amiLines(image),
  ]
}

function checkLines({ checks }: StoryImage): string[] {
  if (checks.length === 0) return []
  const passed = checks.filter((check) => check.outcome === 'passed')
  const others = checks.filter((check) => check.outcome !== 'passed')
  const list = passed.map(({ name, seconds }) => `${name} ${secondsInWords(seconds)}`).join(', ')
  return [
    ...(passed.length === 0 ? [] : wrap(`Boot test passed: ${list}`, { first: '  ', rest: '    ' })),
    ...others.flatMap(({ name, outcome, seconds, detail }) =>
      wrap(`Boot test ${outcome}: ${name} (${secondsInWords(seconds)}): ${detail}`, { first: '  ', rest: '    ' }),
    ),
  ]
}

function downloadLines({ url, sha256, size }: Download): string[] {
  return ['', `  ${url}`, `    ${sizeInWords(size)} (${String(size)} bytes), SHA-256:`, `    ${sha256}`]
}

function amiLines({ amis }: StoryImage): string[] {
  if (amis.length === 0) return []
  const width = Math.max(...amis.map((ami) => ami.region.length))
  const rows = amis.map(
    ({ region, id, emulated }) => `    ${region.padEnd(width)}  ${id}${emulated ? '  (emulated, not in AWS)' : ''}`,
  )
  return ['', '  Amazon EC2:', ...rows]
}

function verifySection({ otherFiles, images }: Story): string[] {
  const checksums = otherFiles.filter((file) => file.name.endsWith('CHECKSUM'))
  const example = images.flatMap((image) => image.downloads)[0]
  if (checksums.length > 0) {
    return [
      ...wrap('To verify a download, put it beside its CHECKSUM file and run sha256sum there:'),
      ...checksums.flatMap(({ url, name }) => ['', `  ${url}`, `    sha256sum -c --ignore-missing ${name}`]),
    ]
  }
  if (!example) return wrap('There is nothing to download.')
  return ['To verify a download:', '', `  echo "${example.sha256}  ${example.name}" |`, '    sha256sum -c']
}
