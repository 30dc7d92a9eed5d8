import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

const heavy = { maxWorkers: 2, testTimeout: 900_000, hookTimeout: 900_000 }

/**
 * Three kinds of tests. `npm test` runs `fast`, then `slow`, which boots a machine, builds an image and kills processes, two
 * files at a time: while one waits for a guest or a server, the other has the cores. `npm run test:long` runs what goes
 * beyond the minutes that `npm test` may take.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'fast',
          include: ['**/*.test.ts'],
          exclude: ['**/*.{slow,long}.test.ts', 'node_modules/**'],
          // A process evaluates each module once for all its files, which saves a tenth of what the tests cost.
          isolate: false,
          testTimeout: 30_000,
          // Servers are started in hooks, on machines that may do much else.
          hookTimeout: 120_000,
          // More than vitest takes by itself on two cores: much of the time is waiting for servers,
          // and for tools that hang on purpose.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...heavy,
          name: 'slow',
          include: ['**/*.slow.test.ts'],
          exclude: ['node_modules/**'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...heavy,
          name: 'long',
          include: ['**/*.long.test.ts'],
          exclude: ['node_modules/**'],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
