#!/usr/bin/env -S node --max-semi-space-size=1
import { enableCompileCache } from 'node:module'

// What Node has compiled once it keeps: that is a third of the start, and 30 MB of memory for the stripping of types.
// The small semi-space saves as much again; there is little garbage here, for the tools do the work. Both must be
// set before our sources are imported, so they are imported from here.
enableCompileCache()
await import('./main.ts')
