import type { LinkTo } from '../story/link.ts'
import type { Download, Story, StoryImage } from '../story/story.ts'
import { count, dayInWords, secondsInWords, sizeInWords } from '../story/words.ts'
import { changeSections } from './changes.ts'
import { registrationSections } from './registrations.ts'
import { table } from './table.ts'
import type { View } from './template.ts'
import { wrap } from './wrap.ts'

/**
 * What the mail of a drop is filled with. Sentences keep to 72 columns. Paths, addresses and checksums are never broken
 * and each has a line of its own, so that they can be searched for and copied; the table is as wide as it has to be.
 */
export function viewOfStory(story: Story, linkTo: LinkTo): View<'mail-drop'> {
  const { title, drop, release, compose, publishedAt, blessedBy, tree, images } = story
  const passed = images.filter((image) => image.passed).length
  const files = images.flatMap((image) => image.downloads)
  return {
    title,
    drop,
    release,
    compose,
    published: dayInWords(publishedAt),
    blessedBy,
    tree: linkTo(tree.path),
    passed,
    total: images.length,
    complete: passed === images.length,
    opening: section(wrap(openingOf(story))),
    facts: section(factsOf(story, linkTo)),
    table: section(imageTable(images)),
    trouble: images.flatMap(troubleSection).map(section),
    registrations: registrationSections(images).map(section),
    changes: (story.changes ? changeSections(story.changes) : []).map(section),
    downloads: (files.length === 0 ? [] : [downloadLines(files, linkTo), checksumLines(files)]).map(section),
    verify: [verifySection(story, linkTo), ...signatureSection(story, linkTo)].map(section).join('\n\n'),
  }
}

function section(lines: readonly string[]): string {
  return lines.join('\n')
}

function openingOf({ title, publishedAt, images }: Story): string {
  const passed = images.filter((image) => image.passed).length
  const verdict =
    passed === images.length
      ? `${passed === 1 ? 'The image' : `All ${String(passed)} images`} passed the boot test.`
      : `The drop is incomplete: ${String(passed)} of ${count(images.length, 'image')} passed.`
  return `${title}: published on ${dayInWords(publishedAt)}. ${verdict}`
}

function factsOf({ drop, compose, blessedBy, tree }: Story, linkTo: LinkTo): string[] {
  return [
    `  Drop     ${drop}`,
    `  Compose  ${compose}`,
    `  Blessed  by ${blessedBy}`,
    `  Tree     ${linkTo(tree.path)}`,
  ]
}

function imageTable(images: readonly StoryImage[]): string[] {
  const formats = [...new Set(images.flatMap(({ downloads }) => downloads.flatMap(({ format }) => format ?? [])))]
  const columns = [
    { heading: 'Image' },
    { heading: 'Verdict' },
    { heading: 'Checks' },
    { heading: 'Boot', right: true },
    ...formats.map((format) => ({ heading: format, right: true })),
  ]
  const rows = images.map(({ key, passed, checks, testedIn, downloads }) => [
    key,
    passed ? 'passed' : 'FAILED',
    checks.length === 0
      ? '-'
      : `${String(checks.filter(({ outcome }) => outcome === 'passed').length)} of ${String(checks.length)}`,
    checks.length === 0 ? '-' : secondsInWords(testedIn),
    ...formats.map((format) => {
      const file = downloads.find((one) => one.format === format)
      return file ? sizeInWords(file.size) : '-'
    }),
  ])
  return table(columns, rows)
}

/** Why an image failed, and which checks it did not pass; none for one that has nothing to tell. */
function troubleSection({ key, failure, checks, engine }: StoryImage): string[][] {
  const lines = [
    ...(failure === null ? [] : [failure]),
    ...(engine?.earlier.length ? [`built by ${engine.name}, as ${engine.earlier.join('; ')}`] : []),
    ...checks
      .filter(({ outcome }) => outcome !== 'passed')
      .map(({ name, outcome, seconds, detail }) => `check ${name} ${outcome} (${secondsInWords(seconds)}): ${detail}`),
  ]
  if (lines.length === 0) return []
  return [[key, ...lines.flatMap((line) => wrap(line, { first: '  ', rest: '    ' }))]]
}

function downloadLines(files: readonly Download[], linkTo: LinkTo): string[] {
  return ['Downloads', ...files.map(({ path }) => `  ${linkTo(path)}`)]
}

/** As sha256sum writes and reads them. */
function checksumLines(files: readonly Download[]): string[] {
  return ['SHA-256', ...files.map(({ sha256, name }) => `${sha256}  ${name}`)]
}

function verifySection({ otherFiles, images }: Story, linkTo: LinkTo): string[] {
  const checksums = otherFiles.filter((file) => file.name.endsWith('CHECKSUM'))
  const example = images.flatMap((image) => image.downloads)[0]
  if (checksums.length > 0) {
    return [
      ...wrap('To verify a download, put it beside its CHECKSUM file and run sha256sum there:'),
      ...checksums.flatMap(({ path, name }) => [`  ${linkTo(path)}`, `    sha256sum -c --ignore-missing ${name}`]),
    ]
  }
  if (!example) return wrap('There is nothing to download.')
  return ['To verify a download:', `  echo "${example.sha256}  ${example.name}" |`, '    sha256sum -c']
}

/** Whose the checksums are: the fingerprint is here so that a key from the mirror can be held against it. */
function signatureSection({ signature }: Story, linkTo: LinkTo): string[][] {
  if (signature === null) return []
  return [
    [
      ...wrap('SHA256SUMS in the tree and in its folders is signed. To verify it with the key of this fingerprint:'),
      `  ${signature.fingerprint}`,
      `  ${linkTo(signature.key.path)}`,
      `    gpg --dearmor < ${signature.key.name} > key.gpg`,
      '    gpgv --keyring ./key.gpg SHA256SUMS.gpg SHA256SUMS',
    ],
  ]
}
