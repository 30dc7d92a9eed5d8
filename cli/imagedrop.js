#!/usr/bin/env -S MALLOC_ARENA_MAX=1 sh -c 'PATH="$(dirname "$(readlink -f "$0")")/../node_modules/.bin:$PATH"; exec node --max-semi-space-size=1 --v8-pool-size=2 "$0" "$@"'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// The line above takes the Node that `npm ci` has put beside us, whatever the host's own is, and becomes it. Its flags keep
// the garbage and the memory of threads small; there is little work here for either, for the tools do it. What Node has
// compiled once it keeps: that is a third of the start. All must be set before our sources are imported, so they are
// imported from here; and this one file is JavaScript because Node would load its compiler for TypeScript only to read
// it, and hold its 20 MB for ever. An older Node reads it as well, and cannot read the rest.
const wanted = 24

if (Number.parseInt(process.versions.node, 10) >= wanted) {
  module.enableCompileCache()
  await import('./main.ts')
} else {
  const ours = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
  const advice = existsSync(ours)
    ? `start ${fileURLToPath(import.meta.url)} itself or \`npx imagedrop\`, which take ${ours}`
    : `run \`npm ci\` in ${fileURLToPath(new URL('..', import.meta.url))}, which brings it`
  process.stderr.write(
    `imagedrop: needs Node ${wanted} or newer, ${process.execPath} is ${process.version}: ${advice}\n`,
  )
  process.exitCode = 1
}
