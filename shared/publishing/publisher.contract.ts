import { afterAll, beforeAll, describe } from 'vitest'
import { testAudits } from './audit.contract.ts'
import { testDeaths } from './deaths.contract.ts'
import { testTroubles } from './troubles.contract.ts'
import { testWay } from './way.contract.ts'
import type { PlaceDeclaration, StartedPlace } from './testing/contract-place.ts'
import { measure, type Measured } from './testing/measured.ts'

const timeout = 180_000

/** What every publisher promises of its place, whatever becomes of its requests, of itself, and of what it has made. */
export function publisherContract(name: string, declaration: PlaceDeclaration): void {
  const { exceptions = {} } = declaration
  describe(`the publisher ${name}`, { timeout }, () => {
    let started: StartedPlace
    let measured: Measured
    beforeAll(async () => {
      started = await declaration.start()
      measured = await measure(started)
    }, 300_000)
    afterAll(async () => {
      await started[Symbol.asyncDispose]()
    })
    const given = () => measured

    testWay(given, exceptions)
    testDeaths(given)
    testTroubles(given, exceptions)
    testAudits(given, exceptions)
  })
}
