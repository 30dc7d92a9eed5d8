import { defineConfig } from 'vitest/config'

const common = {
  globalSetup: 'test/containers/set-up.ts',
  fileParallelism: false,
  testTimeout: 1_800_000,
  hookTimeout: 1_800_000,
}

/**
 * `npm run test:containers`, which takes minutes and a container engine. `compose` builds the image and runs compose.yaml;
 * `servers` holds bus and ledger to their contracts on servers in containers, as they run on hosts that have an engine and
 * not the programs.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { ...common, name: 'compose', include: ['test/containers/*.check.ts'], sequence: { groupOrder: 0 } } },
      {
        test: {
          ...common,
          name: 'servers',
          include: [
            'shared/bus/amqp/amqp-bus.test.ts',
            'shared/bus/nats/nats-bus.test.ts',
            'shared/ledger/postgres/postgres-ledger.test.ts',
          ],
          // Our containers are removed by the tests; the library's own cleaner is one more image to have.
          env: { IMAGEDROP_TEST_SERVERS: 'containers', TESTCONTAINERS_RYUK_DISABLED: 'true' },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
