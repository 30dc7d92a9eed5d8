import { z } from 'zod'
import { ApiError } from '../api-error.ts'
import { parameterOf, seenVersions, standing, type Version } from './lookup.ts'
import { arnOf } from './names.ts'
import type { Operation } from './operation.ts'

const one = z.strictObject({ Name: z.string().min(1), WithDecryption: z.boolean().optional() })

/** GetParameter: the newest version, or the one that `NAME:3` or `NAME:label` names. */
export const getParameter: Operation = (world, place, body) => {
  const [name = '', selector] = one.parse(body).Name.split(':')
  const found = parameterOf(world, place, name)
  const version = selected(seenVersions(world, found), name, selector)
  return {
    Parameter: {
      Name: name,
      Type: found.type,
      Value: version.value,
      Version: version.number,
      ...(selector === undefined ? {} : { Selector: `:${selector}` }),
      LastModifiedDate: version.at / 1000,
      ARN: arnOf(name, place),
      DataType: found.dataType,
    },
  }
}

function selected(versions: readonly Version[], name: string, selector: string | undefined): Version {
  const found =
    selector === undefined
      ? versions.at(-1)
      : versions.find(({ number, labels }) => String(number) === selector || labels.includes(selector))
  if (found) return found
  throw new ApiError(400, 'ParameterVersionNotFound', `${name} has no version ${selector ?? ''}`)
}

const page = z.strictObject({
  Name: z.string().min(1),
  MaxResults: z.int().min(1).max(50).default(50),
  NextToken: z.string().optional(),
  WithDecryption: z.boolean().optional(),
})

/** GetParameterHistory: all versions that are kept, oldest first, page by page. */
export const getParameterHistory: Operation = (world, place, body) => {
  const { Name: name, MaxResults: most, NextToken: token = '0' } = page.parse(body)
  const found = parameterOf(world, place, name)
  if (!/^\d+$/.test(token)) throw new ApiError(400, 'InvalidNextToken', `The token ${token} is not valid`)
  const left = seenVersions(world, found).filter(({ number }) => number >= Number(token))
  const next = left[most]
  return {
    Parameters: left.slice(0, most).map(({ number, value, description, at, labels }) => ({
      Name: name,
      Type: found.type,
      Value: value,
      Version: number,
      Description: description,
      LastModifiedDate: at / 1000,
      Labels: labels,
      Tier: 'Standard',
      Policies: [],
      DataType: found.dataType,
    })),
    ...(next === undefined ? {} : { NextToken: String(next.number) }),
  }
}

const tagged = z.strictObject({ ResourceType: z.string(), ResourceId: z.string() })

/** ListTagsForResource, of parameters. */
export const listTagsForResource: Operation = (world, place, body) => {
  const { ResourceType: type, ResourceId: name } = tagged.parse(body)
  if (type !== 'Parameter')
    throw new ApiError(400, 'InvalidResourceType', `There is no resource of the type ${type} here`)
  const found = standing(world, place, name)
  if (!found) throw new ApiError(400, 'InvalidResourceId', `There is no parameter ${name}`)
  return { TagList: found.tags.map(({ key, value }) => ({ Key: key, Value: value })) }
}
