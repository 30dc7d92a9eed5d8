import { defineConfig } from 'vitest/config'

/**
 * Two kinds of tests. `fast` runs first. `slow` boots machines, builds images and breaks brokers, two files at a time:
 * while one waits for a guest or a server, the other has the cores.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['**/*.test.ts'],
          exclude: ['**/*.slow.test.ts', 'node_modules/**'],
          testTimeout: 30_000,
          // Servers are started in hooks, on machines that may do much else.
          hookTimeout: 120_000,
          // More than vitest takes by itself on two cores: much of the time is waiting for servers.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'slow',
          include: ['**/*.slow.test.ts'],
          exclude: ['node_modules/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
})
