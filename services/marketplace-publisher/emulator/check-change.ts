import type { ChangeRecord, ErrorDetail } from './records.ts'
import { addDetails, restrictDetails, versionsOf } from './versions.ts'
import type { Product, World } from './world.ts'

/**
 * What the preparation of a change finds. Codes and words are those of "Asynchronous errors" in "Work with AMI-based
 * products" and, for what a scan finds, of "Change set status and errors" (AWS Marketplace API Reference); lengths those of
 * awslabs/aws-marketplace-catalog-api-shapes-for-python. What is said of an AMI that cannot be reached is not in them: the code
 * there is this emulator's own.
 */
export function errorsOf(
  world: World,
  owner: string,
  { type, details }: ChangeRecord,
  product: Product,
): ErrorDetail[] {
  return type === 'RestrictDeliveryOptions'
    ? errorsOfRestriction(world, owner, details, product)
    : errorsOfVersion(world, owner, details, product)
}

function errorsOfVersion(world: World, owner: string, details: unknown, product: Product): ErrorDetail[] {
  const parsed = addDetails.safeParse(details)
  if (!parsed.success) return [{ code: 'INVALID_DETAILS', message: 'Provided Details is not valid.' }]
  const { Version: version, DeliveryOptions: options } = parsed.data
  const errors: ErrorDetail[] = []
  const say = (code: string, message: string) => errors.push({ code, message })
  if (product.visibility !== 'Limited' && product.visibility !== 'Public')
    say('INCOMPATIBLE_PRODUCT_STATUS', 'Use an existing limited or public product.')
  if (version.VersionTitle.length > 64)
    say('INVALID_VERSION_TITLE', 'Provide version title with fewer than 64 characters.')
  if (/^\s/.test(version.VersionTitle))
    say('INVALID_VERSION_TITLE', 'Remove spaces from the beginning of the version title.')
  if (versionsOf(world, owner, product).some(({ title }) => title === version.VersionTitle))
    say('DUPLICATE_VERSION_TITLE', 'The version title must be different from any other version titles of this product.')
  if (version.ReleaseNotes.length > 30_000)
    say('INVALID_RELEASE_NOTES', 'Provide release notes with fewer than 30000 characters.')
  for (const { Details: one } of options) {
    const {
      AmiSource: source,
      UsageInstructions: usage,
      RecommendedInstanceType: instance,
    } = one.AmiDeliveryOptionDetails
    if (usage.length > 4_000)
      say('INVALID_USAGE_INSTRUCTIONS', 'Provide usage instructions with fewer than 4000 characters.')
    if (!product.instanceTypes.includes(instance))
      say('RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE', `Instance type ${instance} is not one of this product.`)
    const image = world.imageOf(source.AmiId, source.AccessRoleArn)
    if (image === null) {
      say(
        'AMI_NOT_ACCESSIBLE',
        `${source.AmiId} is not in us-east-1, or ${source.AccessRoleArn} gives no access to it.`,
      )
      continue
    }
    if (image.architecture !== product.architecture)
      say('INVALID_AMI_ARCHITECTURE', `CPU architecture of latest version of the product is '${product.architecture}'`)
    errors.push(...image.findings)
  }
  return errors
}

function errorsOfRestriction(world: World, owner: string, details: unknown, product: Product): ErrorDetail[] {
  const parsed = restrictDetails.safeParse(details)
  if (!parsed.success) return [{ code: 'INVALID_DETAILS', message: 'Provided Details is not valid.' }]
  const there = versionsOf(world, owner, product)
  return parsed.data.DeliveryOptionIds.filter(
    (id) => !there.some(({ option, isRestricted }) => option === id && !isRestricted),
  ).map((id) => ({ code: 'INVALID_DELIVERY_OPTIONS', message: `Delivery option ${id} is not one of this product.` }))
}
