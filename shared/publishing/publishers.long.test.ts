import { house } from '#test/support/house.ts'
import { publisherContract } from './publisher.contract.ts'
import type { PlaceDeclaration } from './testing/contract-place.ts'

/** Every service that does more where its settings say so is held to the contract with all of that. */
for (const name of house.names) {
  const place = (await house.part(name, 'testing/contract-place.ts'))?.['contractPlaceInFull']
  if (place !== undefined) publisherContract(`${name} in full`, place as PlaceDeclaration)
}
