import { expect, it } from 'vitest'
import { setUpFrozen } from './testing/emulated-cloud.ts'
import { publicly, register } from './testing/images.ts'

it('refuses to make an image public while public access is blocked (EC2 API: OperationNotPermitted)', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.region
  const id = await register(bench)
  await ec2.enableImageBlockPublicAccess({ ImageBlockPublicAccessState: 'block-new-sharing' })
  expect((await ec2.getImageBlockPublicAccessState({})).ImageBlockPublicAccessState).toBe('block-new-sharing')
  await expect(ec2.modifyImageAttribute({ ImageId: id, ...publicly })).rejects.toMatchObject({
    name: 'OperationNotPermitted',
  })
  await ec2.disableImageBlockPublicAccess({})
  await ec2.modifyImageAttribute({ ImageId: id, ...publicly })
})

it('lets five images per region be public, no more, unless told (EC2 quota: Public AMIs)', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.region
  const ids: string[] = []
  for (let number = 0; number < 6; number += 1) ids.push(await register(bench, { Name: `image ${String(number)}` }))
  for (const id of ids.slice(0, 5)) await ec2.modifyImageAttribute({ ImageId: id, ...publicly })
  const sixth = () => ec2.modifyImageAttribute({ ImageId: ids[5], ...publicly })
  await expect(sixth()).rejects.toMatchObject({ name: 'ResourceLimitExceeded' })
  await ec2.modifyImageAttribute({ ImageId: ids[0], ...publicly })
  await ec2.modifyImageAttribute({ ImageId: ids[0], LaunchPermission: { Remove: [{ Group: 'all' }] } })
  await sixth()
})

it('understands both ways of writing a launch permission, and shows it', async () => {
  await using bench = await setUpFrozen()
  const { ec2 } = bench.region
  const id = await register(bench)
  const launchPermission = async () =>
    (await ec2.describeImageAttribute({ ImageId: id, Attribute: 'launchPermission' })).LaunchPermissions
  await ec2.modifyImageAttribute({
    ImageId: id,
    Attribute: 'launchPermission',
    OperationType: 'add',
    UserGroups: ['all'],
  })
  expect(await launchPermission()).toEqual([{ Group: 'all' }])
  await ec2.modifyImageAttribute({ ImageId: id, LaunchPermission: { Remove: [{ Group: 'all' }] } })
  expect(await launchPermission()).toEqual([])
  await expect(ec2.modifyImageAttribute({ ImageId: id })).rejects.toMatchObject({ name: 'InvalidParameterCombination' })
})
