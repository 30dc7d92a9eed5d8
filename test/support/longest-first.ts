import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Each of these takes more than half a minute, mostly of waiting for guests that boot, tools that hang and servers that start.
 * They come first: one that came last would leave the other workers nothing to do.
 */
export const longest = [
  'test/line/real.slow.test.ts',
  'test/faults/kill.slow.test.ts',
  'services/builder/engines/engines.test.ts',
  'services/announcer/channels/channels.test.ts',
  'shared/publishing/publishers.test.ts',
  'shared/ledger/postgres/postgres-ledger.test.ts',
  'services/openstack-publisher/service.test.ts',
  'services/mirror-publisher/push/ssh.test.ts',
  'services/mirror-publisher/publication.test.ts',
  'test/trust/rabbitmq.test.ts',
  'cli/ledger-trouble.test.ts',
]

/** Vitest's own order, which begins with large files where it knows no durations, but for those that take longest. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return longestFirst(await super.sort(files))
  }
}

export function longestFirst<T extends { readonly moduleId: string }>(files: readonly T[]): T[] {
  const place = ({ moduleId }: T) => {
    const index = longest.findIndex((name) => moduleId.endsWith(`/${name}`))
    return index === -1 ? longest.length : index
  }
  return files.toSorted((one, other) => place(one) - place(other))
}
