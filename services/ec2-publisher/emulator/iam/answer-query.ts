import { createHash } from 'node:crypto'
import { ApiError } from '../api-error.ts'
import { assertKnown } from '../ec2/parameters.ts'
import { render } from '../ec2/xml.ts'
import { findRegion } from '../regions.ts'
import type { Place, World } from '../world.ts'

const namespace = 'https://iam.amazonaws.com/doc/2010-05-08/'

/** Answers one request of IAM, of which GetRole is known here: the roles that VM Import may be told. Throws ApiError. */
export function answerIam(world: World, { owner, region }: Place, form: URLSearchParams, requestId: string): string {
  const action = form.get('Action') ?? ''
  if (action !== 'GetRole' || form.get('Version') !== '2010-05-08')
    throw new ApiError(
      400,
      'InvalidAction',
      `Could not find operation ${action} for version ${form.get('Version') ?? ''}`,
    )
  assertKnown(form.keys(), ['RoleName'])
  const name = form.get('RoleName') ?? ''
  if (!/^[\w+=,.@-]{1,64}$/.test(name))
    throw new ApiError(400, 'ValidationError', `The specified value for roleName is invalid: ${name}`)
  if (!Object.hasOwn(world.importRoles, name))
    throw new ApiError(404, 'NoSuchEntity', `The role with name ${name} cannot be found.`)
  const partition = findRegion(region, 'all')?.partition.id ?? 'aws'
  const role = {
    Path: '/',
    RoleName: name,
    RoleId: `AROA${createHash('sha256').update(`${owner} ${name}`).digest('hex').slice(0, 17).toUpperCase()}`,
    Arn: `arn:${partition}:iam::${owner}:role/${name}`,
    CreateDate: '2020-01-01T00:00:00Z',
    AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(trust)),
  }
  const body = render({ GetRoleResult: { Role: role }, ResponseMetadata: { RequestId: requestId } })
  return `<GetRoleResponse xmlns="${namespace}">${body}</GetRoleResponse>`
}

/** VM Import/Export User Guide, "Required service role". */
const trust = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'vmie.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:Externalid': 'vmimport' } },
    },
  ],
}

/** A refusal. */
export function renderIamError(code: string, message: string, requestId: string): string {
  const body = render({ Error: { Type: 'Sender', Code: code, Message: message }, RequestId: requestId })
  return `<ErrorResponse xmlns="${namespace}">${body}</ErrorResponse>`
}
