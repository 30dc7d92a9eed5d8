import { fillSentence } from '#events/sentence.ts'
import { imageKey, type ComposeRef, type DropImage, type Failure } from '#events/vocabulary.ts'
import type { VersionOrder } from '../cloud.ts'
import { productOf, type Listings, type Product } from '../listings-file.ts'
import { source } from '../step.ts'

interface Published {
  readonly drop: string
  readonly compose: ComposeRef
  readonly one: DropImage
}

interface Rules {
  readonly listings: Listings
  /** The Marketplace that we speak to is the emulator. */
  readonly emulated: boolean
}

/** Longest title of a version, and of what else is made of templates. */
const longest = { title: 64, os: 100, notes: 30_000 }

/** The version that an image is to be, or why it can be none. */
export function orderVersion({ drop, compose, one }: Published, { listings, emulated }: Rules): VersionOrder | Reason {
  const { image } = one
  const key = imageKey(image)
  const product = productOf(compose, image, listings)
  if (!product) return cannot(`no product of the listings is of ${key} of ${compose.short} ${compose.version}`)
  const ami = one.registrations.find(({ target, place }) => target === source.target && place === source.place)
  if (!ami)
    return cannot(
      `${key} has no AMI in ${source.place}, where the Marketplace takes it from; publish to that region too`,
    )
  if (ami.emulated !== emulated) {
    const [there, here] = emulated ? ['EC2', 'the emulator'] : ['the emulator of EC2', 'the Marketplace']
    return cannot(`${ami.id} was registered in ${there}, but this process speaks to ${here}`)
  }
  const filled = fill(product, { drop, compose, image })
  const tooLong = Object.entries(longest).find(([name, most]) => filled[name as keyof typeof longest].length > most)
  if (tooLong) {
    const [name, most] = tooLong
    return cannot(`${name} of ${product.product} has more than ${String(most)} letters: ${filled[name as 'title']}`)
  }
  const { title } = filled
  return { drop, image: key, product: product.product, ami: ami.id, title, details: detailsOf(product, ami.id, filled) }
}

/** Why an image cannot be a version, as events tell it. */
export type Reason = Pick<Failure, 'class' | 'reason'>

function cannot(reason: string): Reason {
  return { class: 'environment', reason }
}

type Filled = Readonly<Record<keyof typeof longest, string>>

function fill({ title, os_version, release_notes }: Product, body: object): Filled {
  return {
    title: fillSentence(title, body),
    os: fillSentence(os_version, body),
    notes: fillSentence(release_notes, body),
  }
}

/** `AddDeliveryOptions` of an AMI product ("Work with AMI-based products", AWS Marketplace API Reference). */
function detailsOf(product: Product, ami: string, { title, os, notes }: Filled): object {
  return {
    Version: { VersionTitle: title, ReleaseNotes: notes },
    DeliveryOptions: [
      {
        Details: {
          AmiDeliveryOptionDetails: {
            UsageInstructions: product.usage,
            RecommendedInstanceType: product.instance_type,
            AmiSource: {
              AmiId: ami,
              AccessRoleArn: product.access_role,
              UserName: product.user_name,
              OperatingSystemName: product.os_name,
              OperatingSystemVersion: os,
              ScanningPort: product.scanning_port,
            },
            SecurityGroups: product.security_groups.map(({ protocol, from, to, ranges }) => ({
              FromPort: from,
              ToPort: to,
              IpProtocol: protocol,
              IpRanges: ranges,
            })),
          },
        },
      },
    ],
  }
}
