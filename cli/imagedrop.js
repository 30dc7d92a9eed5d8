#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=1 --v8-pool-size=2
import { enableCompileCache } from 'node:module'

// What Node has compiled once it keeps: that is a third of the start. The flags keep the garbage and the memory of
// threads small; there is little work here for either, for the tools do it. All must be set before our sources are
// imported, so they are imported from here; and this one file is JavaScript because Node would load its compiler for
// TypeScript only to read it, and hold its 20 MB for ever.
enableCompileCache()
await import('./main.ts')
