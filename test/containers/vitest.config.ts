import { defineConfig } from 'vitest/config'

/** `npm run test:containers`: builds the image and runs compose.yaml, which takes minutes and a container engine. */
export default defineConfig({
  test: {
    include: ['test/containers/*.check.ts'],
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
  },
})
