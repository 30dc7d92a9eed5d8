import { dropPublished } from '#events/drop-published.ts'
import { exampleRegistration } from '#events/examples.ts'
import { imagePublished } from '#events/image-published.ts'
import type { Architecture } from '#events/vocabulary.ts'
import type { DropReady } from '#events/drop-ready.ts'
import { deliver } from './drops.ts'

/** A drop whose EC2 images are public, in two regions and once in an emulator. */
export function published({ complete: _complete, gate: _gate, ...drop }: DropReady) {
  const images = drop.images.map((one) => ({
    ...one,
    registrations:
      one.image.flavour === 'ec2'
        ? ['us-east-1', 'eu-central-1', 'emulated-1'].map((place) => registeredIn(place, one.image.architecture))
        : [],
  }))
  const files = [{ path: 'drop.json', sha256: 'f'.repeat(64), size: 1, image: null }]
  return deliver(dropPublished, { ...drop, images, by: 'dgilmore', path: 'releases', files })
}

/** The EC2 image of a drop for one architecture, which is public in these regions. */
export function placed({ drop, compose, images }: DropReady, architecture: Architecture, places: readonly string[]) {
  const one = images.find(({ image }) => image.flavour === 'ec2' && image.architecture === architecture)
  if (one === undefined) throw new Error(`${drop} has no EC2 image for ${architecture}`)
  const registrations = places.map((place) => registeredIn(place, architecture))
  return deliver(imagePublished, { drop, compose, image: one.image, registrations })
}

function registeredIn(place: string, architecture: Architecture) {
  const emulated = place.startsWith('emulated')
  const owner = '123456789012'
  const known = { owner, watermark: `${owner}:imagedrop` }
  return { ...exampleRegistration, ...known, emulated, place, id: `ami-${architecture}-${place}` }
}
