import { house } from '#test/support/house.ts'
import { publisherContract } from './publisher.contract.ts'
import type { PlaceDeclaration } from './testing/contract-place.ts'

/** Every service that brings a place to publish to is held to the contract, as it is by itself. */
for (const name of house.names) {
  const part = await house.part(name, 'testing/contract-place.ts')
  if (part !== null) publisherContract(name, part['contractPlace'] as PlaceDeclaration)
}
