import { basename } from 'node:path'
import { imageKey, type BuiltBy, type ImageEvidence, type MirroredFile } from '#events/vocabulary.ts'
import type { DropIdentity } from '../naming/convention.ts'
import type { PlannedImage } from '../plan-tree.ts'
import { verdictOf } from './boot-test.ts'
import type { Maker } from './maker.ts'

interface Facts {
  readonly drop: string
  readonly identity: DropIdentity
  readonly evidence: ImageEvidence
  readonly maker: Maker
  /** What was written beside the image, the boot test's report among it. */
  readonly beside: readonly MirroredFile[]
}

export const statementType = 'https://in-toto.io/Statement/v1'
export const predicateType = 'https://slsa.dev/provenance/v1'
/** Names what the parameters below mean; a change of their meaning is a v2. */
export const buildType = 'urn:imagedrop:build:v1'

/** How one image came to be, as an in-toto statement with SLSA's provenance: the same bytes for the same image. */
export function formatProvenance(image: PlannedImage, { drop, identity, evidence, maker, beside }: Facts): string {
  const { of, stem, files, seen, description } = image
  const { compose, kind, milestone } = identity
  const { engine, packages } = of
  const { flavour, architecture, recipe, formats } = of.image
  const named = [...seen, ...files].map(({ path, artifact }) => ({ path, sha256: artifact.sha256 }))
  const formatFiles = files.filter(({ artifact }) => artifact !== packages)
  const statement = {
    _type: statementType,
    subject: [
      ...formatFiles.map(({ path, artifact }) => describe(path, artifact.sha256)),
      // What every one of them decodes to.
      describe(`${stem}.raw`, evidence.disk.sha256),
    ],
    predicateType,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: {
          drop,
          kind,
          milestone,
          compose: compose.id,
          label: compose.label,
          image: { flavour, architecture, recipe, formats },
        },
        internalParameters: { engine: engine && describeEngine(engine) },
        resolvedDependencies: [
          { name: compose.id, uri: `compose:${compose.id}` },
          {
            name: recipe,
            uri: `recipe:${recipe}`,
            ...(evidence.recipe === undefined ? {} : { digest: { sha256: evidence.recipe } }),
          },
          ...named
            .filter(({ sha256 }) => sha256 === packages?.sha256)
            .map(({ path, sha256 }) => describe(path, sha256)),
        ],
      },
      runDetails: {
        builder: {
          id: maker.id,
          version: { imagedrop: maker.version, ...(engine ? { [engine.name]: engine.version } : {}) },
        },
        metadata: { invocationId: `${drop}/${imageKey(of.image)}`, finishedOn: evidence.builtAt },
        byproducts: [
          ...beside.map(({ path, sha256 }) => ({
            ...describe(path, sha256),
            ...(path.endsWith('.boot-test.json') ? { annotations: { verdict: verdictOf(of) } } : {}),
          })),
          ...[...description, ...seen].map(({ path, artifact }) => describe(path, artifact.sha256)),
          ...of.registrations.map(({ target, place, id, name, emulated }) => ({
            name: id,
            uri: `${target}:${encodeURIComponent(place)}/${encodeURIComponent(id)}`,
            annotations: { target, place, id, name, emulated },
          })),
        ],
      },
    },
  }
  return `${JSON.stringify(statement, null, 1)}\n`
}

/** Why an earlier engine could not is for operators: a reason may name hosts and folders of theirs. */
function describeEngine({ name, version, earlier }: BuiltBy) {
  return { name, version, earlier: earlier.map((one) => ({ name: one.name, class: one.class })) }
}

function describe(path: string, sha256: string) {
  return { name: basename(path), digest: { sha256 } }
}
