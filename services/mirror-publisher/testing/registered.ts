import { dropPublished } from '#events/drop-published.ts'
import { exampleRegistration } from '#events/examples.ts'
import type { DropReady } from '#events/drop-ready.ts'
import { deliver } from './drops.ts'

/** A drop whose EC2 images are public, in two regions and once in an emulator. */
export function published({ complete: _complete, gate: _gate, ...drop }: DropReady) {
  const images = drop.images.map((one) => ({
    ...one,
    registrations:
      one.image.flavour === 'ec2'
        ? ['us-east-1', 'eu-central-1', 'emulated-1'].map((place) => ({
            ...exampleRegistration,
            emulated: place.startsWith('emulated'),
            place,
            id: `ami-${one.image.architecture}-${place}`,
          }))
        : [],
  }))
  const files = [{ path: 'drop.json', sha256: 'f'.repeat(64), size: 1, image: null }]
  return deliver(dropPublished, { ...drop, images, by: 'dgilmore', path: 'releases', files })
}
