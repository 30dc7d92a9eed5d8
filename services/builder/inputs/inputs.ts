import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { ImageInputs } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { formatDescription } from '../describe-build.ts'
import { describePlan } from '../engines/describe-plan.ts'
import type { BuildRequest, Engine } from '../engines/engine.ts'
import { readContent } from '../engines/recipe-content.ts'
import type { Fetch } from '../packages/fetch.ts'
import type { PackageSources } from '../packages/sources.ts'
import { policyOf } from './policy.ts'
import { packageState, type IndexReader } from './package-state.ts'

interface Asking {
  readonly fetch: Fetch
  readonly signal: AbortSignal
  readonly indexes: IndexReader
}

/**
 * What decides what is in an image that an engine makes. The compose's name and day are in every image and do not count,
 * nor do addresses. Throws when it cannot be told.
 */
export async function inputsOf(
  request: BuildRequest,
  engine: Engine,
  /** File with the package list of the image, or of an earlier one that was made of the same. */
  packages: string,
  asking: Asking,
): Promise<ImageInputs> {
  const { image, recipe, sources } = request
  const version = await engine.version()
  if (version === null)
    throw new PermanentError('environment', `${engine.id} is not installed or set up on this machine`)
  if (engine.isOfPackages !== true) {
    throw new PermanentError('environment', `${engine.id} does not tell all that its images are made of`)
  }
  // What is needed while the image is made, and removed again, counts too.
  const names = new Set([
    ...(await namesIn(packages)),
    ...readContent(recipe, image.flavour, image.architecture).packages,
  ])
  return {
    policy: digestOf(policyOf(image)),
    recipe: recipe.digest,
    engine: `${engine.id} ${version}`,
    told: digestOf(whatIsTold(request, engine)),
    packages: await packageState(sources, names, asking),
  }
}

const list = z.looseObject({ packages: z.array(z.looseObject({ name: z.string() })) })

async function namesIn(file: string): Promise<string[]> {
  return list.parse(JSON.parse(await readFile(file, 'utf8'))).packages.map(({ name }) => name)
}

/** What the engine is told of an image of no compose in particular, from everywhere alike. */
function whatIsTold(request: BuildRequest, engine: Engine): string {
  const { compose } = request
  const id = `${compose.short}-${compose.version}-20000101.n.0`
  const anyCompose = { ...compose, id, date: '20000101', respin: 0, label: null, location: 'https://compose.invalid' }
  const anyDrop = {
    ...request,
    drop: `nightly-${id}`,
    compose: anyCompose,
    // It counts by itself.
    recipe: { ...request.recipe, digest: '' },
    sources: anySources(request.sources),
  }
  const folders = { work: '/work', cache: '/cache' }
  return formatDescription(describePlan(engine.plan(anyDrop, folders)), {
    engine: engine.id,
    request: anyDrop,
    folders,
  })
}

function anySources(sources: PackageSources): PackageSources {
  switch (sources.kind) {
    case 'apt':
      return {
        kind: 'apt',
        suites: sources.suites.map(({ suite, optional }) => ({ url: 'https://mirror.invalid', suite, optional })),
      }
    case 'dnf':
      return { kind: 'dnf', repositories: sources.repositories.map(() => 'https://compose.invalid/os') }
    case 'distribution':
      return { kind: 'distribution', mirror: null }
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
