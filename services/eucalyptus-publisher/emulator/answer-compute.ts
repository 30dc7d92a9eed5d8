import { randomUUID } from 'node:crypto'
import { ApiError, refused } from './api-error.ts'
import { createTags, deregisterImage, describeImageAttribute, modifyImageAttribute } from './change-image.ts'
import { describeImages } from './describe-images.ts'
import { registerImage } from './register-image.ts'
import { renderXml, type Xml } from './render-xml.ts'
import type { Account, World } from './world.ts'

interface Action {
  /** The parameters that Eucalyptus binds; `VmImages.groovy`. */
  readonly takes: readonly string[]
  readonly act: (world: World, caller: Account, asked: URLSearchParams) => Xml | Promise<Xml>
}

const filter = ['Filter.N.Name', 'Filter.N.Value.N']

const actions: Readonly<Record<string, Action>> = {
  RegisterImage: {
    takes: [
      'Name',
      'Description',
      'ImageLocation',
      'Architecture',
      'KernelId',
      'RamdiskId',
      'VirtualizationType',
      'Platform',
    ],
    act: registerImage,
  },
  DescribeImages: { takes: ['ImageId.N', 'Owner.N', 'ExecutableBy.N', ...filter], act: describeImages },
  DescribeImageAttribute: { takes: ['ImageId', 'Attribute'], act: describeImageAttribute },
  ModifyImageAttribute: {
    takes: [
      'ImageId',
      'Description.Value',
      ...['Add', 'Remove'].flatMap((change) => [
        `LaunchPermission.${change}.N.Group`,
        `LaunchPermission.${change}.N.UserId`,
      ]),
    ],
    act: modifyImageAttribute,
  },
  DeregisterImage: { takes: ['ImageId'], act: deregisterImage },
  CreateTags: { takes: ['ResourceId.N', 'Tag.N.Key', 'Tag.N.Value'], act: createTags },
  // `ImageManager.copyImage` answers and does nothing.
  CopyImage: { takes: ['SourceRegion', 'SourceImageId', 'Name', 'Description', 'ClientToken'], act: () => ({}) },
}

/** Answers a request to the EC2 API, after its signature was verified. Throws ApiError. */
export async function answerCompute(world: World, caller: Account, asked: URLSearchParams): Promise<string> {
  const name = asked.get('Action') ?? ''
  const action = actions[name]
  // `BaseQueryBinding.bind`: there is no message of that name, as for EBS direct, deprecation and what came with Nitro.
  if (!action) throw refused('InvalidAction', `Failed to construct message of type: ${name}`)
  const known = new Set(['Action', 'Version', ...action.takes])
  const strange = [...asked.keys()].filter((key) => !known.has(key.replaceAll(/\.\d+(?=\.|$)/g, '.N')))
  // Eucalyptus does so where it is told to be strict (`UNKNOWN_PARAMETER_HANDLING`), and else passes over what it does not know.
  if (strange.length > 0)
    throw refused('InvalidParameterValue', `Failed to bind the following fields:\n${strange.join('\n')}`)
  // `ComputeServiceValidator.beforeService`
  if (caller.denied?.some((one) => one === name || one === '*') === true)
    throw new ApiError(403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.')
  const answer = await action.act(world, caller, asked)
  const version = asked.get('Version') ?? '2015-10-01'
  const content = { requestId: randomUUID(), ...(answer as { readonly [name: string]: Xml }) }
  return renderXml(`${name}Response`, content, ` xmlns="http://ec2.amazonaws.com/doc/${version}/"`)
}

/** `EmpyreanService.DescribeServiceCertificates` */
export function answerBootstrap({ cloud }: World, asked: URLSearchParams): string {
  const name = asked.get('Action') ?? ''
  if (name !== 'DescribeServiceCertificates')
    throw refused('InvalidAction', `Failed to construct message of type: ${name}`)
  const certificate = {
    serviceType: 'compute',
    certificateUsage: 'image-bundling',
    certificateFormat: 'pem',
    certificate: cloud.certificate,
  }
  return renderXml(`${name}Response`, { serviceCertificates: [certificate] })
}
