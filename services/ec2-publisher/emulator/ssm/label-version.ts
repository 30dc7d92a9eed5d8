import { z } from 'zod'
import { ApiError } from '../api-error.ts'
import { parameterOf, seenVersions } from './lookup.ts'
import type { Operation } from './operation.ts'

const mostLabels = 10

const request = z.strictObject({
  Name: z.string().min(1),
  ParameterVersion: z.int().optional(),
  Labels: z.array(z.string().min(1).max(100)).min(1).max(mostLabels),
})

/** LabelParameterVersion: a label is on one version, so it leaves the one that had it (Systems Manager guide, "Parameter labels"). */
export const labelParameterVersion: Operation = async (world, place, body) => {
  const { Name: name, ParameterVersion: asked, Labels: labels } = request.parse(body)
  const found = parameterOf(world, place, name)
  const seen = seenVersions(world, found)
  const version = asked === undefined ? seen.at(-1) : seen.find(({ number }) => number === asked)
  if (!version) throw new ApiError(400, 'ParameterVersionNotFound', `${name} has no version ${String(asked)}`)
  const [good, bad] = [labels.filter(isLabel), labels.filter((label) => !isLabel(label))]
  if (new Set([...version.labels, ...good]).size > mostLabels)
    throw new ApiError(400, 'ParameterVersionLabelLimitExceeded', `A version has at most ${String(mostLabels)} labels`)
  const versions = found.versions.map((one) => {
    const kept = one.labels.filter((label) => !good.includes(label))
    return { ...one, labels: one.number === version.number ? [...kept, ...good] : kept }
  })
  await world.parameters.save({ ...found, versions })
  return { InvalidLabels: bad, ParameterVersion: version.number }
}

function isLabel(label: string): boolean {
  return /^[a-zA-Z_.-][a-zA-Z0-9_.-]*$/.test(label) && !/^(aws|ssm)/i.test(label)
}
