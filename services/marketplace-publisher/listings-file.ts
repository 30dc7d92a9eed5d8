import { z } from 'zod'
import { architecture, flavour, type ComposeRef, type ImagePlan } from '#events/vocabulary.ts'
import { readYamlFile, section } from '#service/yaml-file.ts'

const text = (length: number) => z.string().trim().min(1).max(length)
const port = z.int().min(1).max(65_535)

/** A hole in the firewall that is suggested to buyers. */
const securityGroup = section({
  protocol: z.enum(['tcp', 'udp']),
  from: port,
  to: port,
  ranges: z.array(z.string().min(1)).min(1).max(5),
})
const ssh = { protocol: 'tcp' as const, from: 22, to: 22, ranges: ['0.0.0.0/0'] }

// Lengths are those of AWS's shapes of `AddDeliveryOptions` (awslabs/aws-marketplace-catalog-api-shapes-for-python).
const product = section({
  product: z.string().regex(/^[\w-]{1,255}$/, 'expected the id of a product, as prod-abcdefghijklm'),
  distribution: z.array(z.string().min(1)).min(1).describe('Short names of releases'),
  versions: z
    .array(z.union([z.string(), z.int().min(0).transform(String)]))
    .min(1)
    .optional(),
  flavour: z.array(flavour).min(1),
  architecture: architecture.describe('A product is of one architecture'),
  access_role: z
    .string()
    .regex(
      /^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      'expected the ARN of a role, as arn:aws:iam::123456789012:role/NAME',
    ),
  title: text(200).default('{compose.short} {compose.version} {image.architecture} {compose.date}.{compose.respin}'),
  release_notes: text(30_000).default('{compose.short} {compose.version}, compose {compose.id}.'),
  usage: text(4_000),
  instance_type: z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'expected an instance type, as t3.micro'),
  user_name: text(32),
  os_name: text(100),
  os_version: text(100).default('{compose.version}'),
  scanning_port: port.default(22),
  security_groups: z.array(securityGroup).min(1).max(25).default([ssh]),
})
/** One product, and which images are versions of it. */
export type Product = z.infer<typeof product>

const listings = section({ apply: z.boolean(), products: z.array(product) })
/** What is listed, `deploy/marketplace.yaml`. */
export type Listings = z.infer<typeof listings>

/** Reads what is listed. Throws InvalidConfig that names the key and its value. */
export function readListings(path: string): Listings {
  return readYamlFile(path, listings, 'the listings')
}

/** The product that an image is a version of: the first row that matches; undefined when there is none. */
export function productOf(
  { short, version }: ComposeRef,
  image: Pick<ImagePlan, 'flavour' | 'architecture'>,
  { products }: Listings,
): Product | undefined {
  return products.find(
    (one) =>
      one.distribution.includes(short) &&
      (one.versions?.includes(version) ?? true) &&
      one.flavour.includes(image.flavour) &&
      one.architecture === image.architecture,
  )
}
