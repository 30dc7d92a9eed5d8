import type { PutParameterRequest } from '@aws-sdk/client-ssm'
import { codeOf } from '#publishing/sdk-errors.ts'
import { pollUntil } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import { latenessWithin } from '../aws/late.ts'
import type { Region } from '../aws/region.ts'

/** By this tag a parameter is known to be ours. */
const mark = { Key: 'imagedrop:newest', Value: 'image' } as const
/** AWS checks that the value is an image that there is. */
const kind = { Type: 'String', DataType: 'aws:ec2:image' } as const

interface Version {
  readonly number: number
  readonly value: string
}

/** What a parameter has named, oldest first; null when there is no such parameter. */
export async function namedBy(region: Region, name: string): Promise<string[] | null> {
  return (await versionsOf(region, name))?.map(({ value }) => value) ?? null
}

async function versionsOf(region: Region, name: string): Promise<Version[] | null> {
  const ssm = region.ssm()
  const versions: Version[] = []
  try {
    for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
      const page = await ssm.getParameterHistory({ Name: name, NextToken: next })
      for (const { Version: number = 0, Value: value = '' } of page.Parameters ?? []) versions.push({ number, value })
      next = page.NextToken
    }
  } catch (error) {
    if (codeOf(error) === 'ParameterNotFound') return null
    throw error
  }
  return versions.toSorted((one, other) => one.number - other.number)
}

/** Whether a parameter that is there is ours. */
export async function isOurs(region: Region, name: string): Promise<boolean> {
  const { TagList: tags = [] } = await region.ssm().listTagsForResource({ ResourceType: 'Parameter', ResourceId: name })
  return tags.some(({ Key: key }) => key === mark.Key)
}

/** Throws when a parameter of this name is there that we did not make. */
export async function assertOursIfThere(region: Region, name: string): Promise<void> {
  if ((await namedBy(region, name)) === null || (await isOurs(region, name))) return
  throw new PermanentError(
    'refused',
    `the parameter ${name} in ${region.name} was not made by imagedrop; delete it if it is not needed, or choose other names by ` +
      'IMAGEDROP_EC2_PUBLISHER_PARAMETERS, then retry',
  )
}

/** Makes a parameter; refused with ParameterAlreadyExists when there is one. */
export async function makeParameter(region: Region, name: string, imageId: string): Promise<void> {
  await put(region, { Name: name, Value: imageId, Tags: [{ ...mark }] })
}

/** Gives a parameter of ours another value. */
export async function moveParameter(region: Region, name: string, imageId: string): Promise<void> {
  await put(region, { Name: name, Value: imageId, Overwrite: true })
}

/** AWS says that it took a value before it looks whether that is an image, and keeps no word of one that it then refuses. */
async function put(region: Region, request: Pick<PutParameterRequest, 'Name' | 'Value' | 'Tags' | 'Overwrite'>) {
  const { Name: name = '', Value: imageId = '' } = request
  const { pace } = region
  const { Version: number } = await region.ssm().putParameter({ ...request, ...kind })
  const look = async () => {
    const versions = await versionsOf(region, name)
    return versions?.some((one) => one.number === number && one.value === imageId) === true ? true : null
  }
  await pollUntil(`${name} in ${region.name} naming ${imageId}`, look, { ...pace, patience: latenessWithin(pace) })
}

/** Removes a parameter; one that is gone is done. */
export async function removeParameter(region: Region, name: string): Promise<void> {
  try {
    await region.ssm().deleteParameter({ Name: name })
  } catch (error) {
    if (codeOf(error) !== 'ParameterNotFound') throw error
  }
}

/** Somebody else changes the same parameter at the moment: it is to be looked at anew. */
export function isRace(error: unknown): boolean {
  return ['TooManyUpdates', 'ParameterAlreadyExists'].includes(codeOf(error) ?? '')
}
