import { z } from 'zod'
import { ApiError } from '../api-error.ts'
import type { ParameterRecord } from '../records.ts'
import { isVisible, type Place, type World } from '../world.ts'
import { seenVersions, standing, type Version } from './lookup.ts'
import { parseName, recordId } from './names.ts'
import type { Operation } from './operation.ts'

const image = 'aws:ec2:image'
/** So many versions are kept (Systems Manager guide, "Working with parameter versions"). */
const mostVersions = 100

const request = z.strictObject({
  Name: z.string().min(1).max(2048),
  Value: z.string().min(1).max(4096),
  Type: z.enum(['String', 'StringList', 'SecureString']).optional(),
  DataType: z.string().max(128).default('text'),
  Description: z.string().max(1024).default(''),
  Overwrite: z.boolean().default(false),
  AllowedPattern: z.string().max(1024).optional(),
  Tier: z.enum(['Standard', 'Advanced', 'Intelligent-Tiering']).optional(),
  Tags: z
    .array(z.strictObject({ Key: z.string().min(1).max(128), Value: z.string().min(1).max(256) }))
    .max(1000)
    .default([]),
})
type Asked = z.infer<typeof request>

/**
 * PutParameter: a new parameter, or with Overwrite a new version. One with the data type aws:ec2:image is checked later: the answer
 * is a success also for what then comes to nothing (SSM API, PutParameter: DataType).
 */
export const putParameter: Operation = async (world, place, body) => {
  const asked = request.parse(body)
  const name = parseName(asked.Name, place)
  if (asked.Overwrite && asked.Tags.length > 0)
    throw new ApiError(400, 'ValidationException', "Invalid request: tags and overwrite can't be used together.")
  if (asked.DataType !== 'text' && asked.DataType !== image)
    throw new ApiError(400, 'ValidationException', `The data type ${asked.DataType} is not supported here`)
  const before = standing(world, place, name)
  if (before !== null) assertReplaceable(world, before, asked)
  const record = before ?? begin(name, place, asked)
  const last = record.versions.at(-1)
  const now = world.now().getTime()
  const isImage = record.dataType === image
  const version: Version = {
    number: (last?.number ?? 0) + 1,
    value: asked.Value,
    description: asked.Description,
    at: now,
    seenFrom: isImage ? now + world.delays.validation : now,
    labels: [],
  }
  if (!isImage || isAvailable(world, place, asked.Value))
    await world.parameters.save({ ...record, versions: [...record.versions, version].slice(-mostVersions) })
  return { Version: version.number, Tier: 'Standard' }
}

function begin(name: string, place: Place, { Type: type, DataType: dataType, Tags: tags }: Asked): ParameterRecord {
  if (type === undefined)
    throw new ApiError(400, 'ValidationException', 'A parameter type is required when you create it')
  if (type === 'SecureString') throw new ApiError(400, 'UnsupportedParameterType', 'No keys are kept here')
  return {
    id: recordId(name, place),
    ...place,
    name,
    type,
    dataType,
    tags: tags.map(({ Key: key, Value: value }) => ({ key, value })),
    versions: [],
    deletedAt: null,
  }
}

function assertReplaceable(world: World, before: ParameterRecord, asked: Asked): void {
  if (!asked.Overwrite)
    throw new ApiError(
      400,
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    )
  if (asked.Type !== undefined && asked.Type !== before.type)
    throw new ApiError(
      400,
      'HierarchyTypeMismatchException',
      `The type of ${before.name} is ${before.type} and stays so`,
    )
  if (asked.DataType !== before.dataType)
    throw new ApiError(400, 'ValidationException', `The data type of ${before.name} is ${before.dataType} and stays so`)
  if (seenVersions(world, before).length < before.versions.length)
    throw new ApiError(
      400,
      'TooManyUpdates',
      `There are concurrent updates of ${before.name}, which takes one at a time`,
    )
  const [oldest] = before.versions
  if (before.versions.length >= mostVersions && oldest !== undefined && oldest.labels.length > 0)
    throw new ApiError(
      400,
      'ParameterMaxVersionLimitExceeded',
      `The oldest of ${String(mostVersions)} versions of ${before.name} has a label, so it cannot be deleted for a new one`,
    )
}

/** What is asked is whether the image is available in the account. */
function isAvailable(world: World, { region, owner }: Place, id: string): boolean {
  const found = world.images.get(id)
  const isThere = found !== null && found.region === region && found.deregisteredAt === null
  return isThere && isVisible(world, found.createdAt, null) && (found.owner === owner || found.public)
}
