import { z } from 'zod'
import { basename } from 'node:path'
import { predicateType, statementType } from '../evidence/provenance.ts'
import type { Notes } from './finding.ts'
import type { FoundImage } from './images-of.ts'
import type { FoundDrop } from './read-drop.ts'
import { readDocument } from './read-document.ts'

const described = z.looseObject({
  name: z.string(),
  digest: z.looseObject({ sha256: z.string() }).optional(),
  annotations: z.record(z.string(), z.unknown()).optional(),
})
const statementShape = z.looseObject({
  _type: z.literal(statementType),
  subject: z.array(described).min(1),
  predicateType: z.literal(predicateType),
  predicate: z.looseObject({
    buildDefinition: z.looseObject({
      externalParameters: z.looseObject({ drop: z.string(), compose: z.string() }),
      resolvedDependencies: z.array(described),
    }),
    runDetails: z.looseObject({ builder: z.looseObject({ id: z.string() }), byproducts: z.array(described) }),
  }),
})
type Statement = z.infer<typeof statementShape>

const bootTestShape = z.looseObject({
  drop: z.string(),
  image: z.string(),
  verdict: z.string(),
  disk: z.looseObject({ sha256: z.string() }),
  checks: z.array(z.looseObject({ name: z.string(), outcome: z.string(), waived: z.unknown().optional() })),
})

const spdxShape = z.looseObject({
  spdxVersion: z.literal('SPDX-2.3'),
  name: z.string(),
  packages: z
    .array(
      z.looseObject({
        name: z.string(),
        versionInfo: z.string(),
        checksums: z.array(z.looseObject({ checksumValue: z.string() })).optional(),
      }),
    )
    .min(1),
})

const packagesShape = z.looseObject({
  packages: z.array(z.looseObject({ name: z.string(), version: z.string() })),
})

/** Follows one image back: its packages, how it was made and from which compose, what its boot test said, where it is. */
export async function checkImage(drop: FoundDrop, image: FoundImage, notes: Notes): Promise<void> {
  const statement = await readDocument(drop, `${image.stem}.provenance.json`, statementShape, 'provenance', notes)
  const disk = statement?.subject.find(({ name }) => name === `${basename(image.stem)}.raw`)?.digest?.sha256 ?? null
  if (statement) judgeStatement(drop, image, statement, notes)
  await checkPackages(drop, image, disk, notes)
  await checkBootTest(drop, image, disk, notes)
  if (statement) listRegistrations(statement, image, notes)
}

function judgeStatement(
  { record }: FoundDrop,
  { stem, formats }: FoundImage,
  statement: Statement,
  notes: Notes,
): void {
  const { buildDefinition, runDetails } = statement.predicate
  const { drop, compose } = buildDefinition.externalParameters
  const file = `${stem}.provenance.json`
  const digests = new Map(record.files.map(({ path, sha256 }) => [basename(path), sha256]))
  const stated = [...statement.subject, ...buildDefinition.resolvedDependencies, ...runDetails.byproducts]
  const subjects = new Set(statement.subject.map(({ name }) => name))
  const wrongs = [
    ...(drop === record.drop ? [] : [`it is of the drop ${drop}, not of ${record.drop}`]),
    ...(compose === record.compose.id ? [] : [`it is of the compose ${compose}, not of ${record.compose.id}`]),
    ...formats
      .filter(({ path }) => !subjects.has(basename(path)))
      .map(({ path }) => `it is not about ${basename(path)}`),
    ...stated
      .filter(({ name, digest }) => digests.has(name) && digest?.sha256 !== digests.get(name))
      .map(({ name }) => `it has another digest of ${name} than the drop`),
    ...statement.subject
      .filter(({ name }) => !digests.has(name) && name !== `${basename(stem)}.raw`)
      .map(({ name }) => `it is about ${name}, which is no file of the drop`),
  ]
  const note = notes.about('provenance', file)
  for (const wrong of wrongs) note.wrong(wrong)
  if (wrongs.length === 0) note.good(`compose ${compose}, built by ${runDetails.builder.id}, digests as in the drop`)
}

async function checkPackages(drop: FoundDrop, image: FoundImage, disk: string | null, notes: Notes): Promise<void> {
  const file = `${image.stem}.spdx.json`
  const spdx = await readDocument(drop, file, spdxShape, 'packages', notes)
  const list = `${image.stem}.packages.json`
  const packages = await readDocument(drop, list, packagesShape, 'packages', notes)
  if (!spdx || !packages) return
  const [itself, ...contained] = spdx.packages
  const named = (name: string, version: string) => `${name} ${version}`
  const listed = packages.packages.map(({ name, version }) => named(name, version)).toSorted()
  const billed = contained.map(({ name, versionInfo }) => named(name, versionInfo)).toSorted()
  const sums = itself?.checksums?.map(({ checksumValue }) => checksumValue) ?? []
  const wrong =
    itself?.name !== basename(image.stem)
      ? `it is the bill of materials of ${String(itself?.name)}`
      : disk !== null && !sums.includes(disk)
        ? 'it is the bill of materials of another disk than the provenance tells of'
        : billed.join('\n') !== listed.join('\n')
          ? `it does not have the packages of ${basename(list)}`
          : null
  notes.about('packages', file).judge(`${String(listed.length)} packages, as listed`, wrong)
}

async function checkBootTest(drop: FoundDrop, image: FoundImage, disk: string | null, notes: Notes): Promise<void> {
  const file = `${image.stem}.boot-test.json`
  const report = await readDocument(drop, file, bootTestShape, 'boot test', notes)
  if (!report) return
  const { record } = drop
  const failed = report.checks
    .filter(({ outcome, waived }) => outcome === 'failed' && waived === undefined)
    .map(({ name }) => name)
  const passed = report.checks.filter(({ outcome }) => outcome === 'passed').length
  const wrong =
    report.drop !== record.drop || report.image !== image.key
      ? `it is the report on ${report.image} of ${report.drop}`
      : disk !== null && report.disk.sha256 !== disk
        ? 'another disk was booted than the provenance tells of'
        : report.verdict !== 'passed' || failed.length > 0
          ? `the image did not pass: ${failed.join(', ') || report.verdict}`
          : null
  notes.about('boot test', file).judge(`passed ${String(passed)} of ${String(report.checks.length)} checks`, wrong)
}

/** What the images are called elsewhere is in the signed list; whether it is the same there, only that place can tell. */
function listRegistrations({ predicate }: Statement, { stem }: FoundImage, notes: Notes): void {
  for (const { name, annotations } of predicate.runDetails.byproducts) {
    if (typeof annotations?.['target'] !== 'string') continue
    const place = `${annotations['target']} ${String(annotations['place'])}`
    const made = annotations['emulated'] === true ? ', emulated' : ''
    notes
      .about('registration', `${stem}.provenance.json`)
      .unknown(`${name} in ${place}${made}: that place was not asked`)
  }
}
