import { publisherContract } from '#publishing/publisher.contract.ts'
import { openImportHouse, openImportPlace } from '../testing/import-bench.ts'

publisherContract('ec2-publisher, by S3 and ImportSnapshot', {
  async start() {
    const house = await openImportHouse()
    return {
      atOnce: 6,
      stride: 7,
      open: () => openImportPlace(house),
      [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
    }
  },
})
