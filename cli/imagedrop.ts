#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// A third of the start is reading our own sources; what was compiled once is kept by Node. It must be switched on
// before they are imported, so they are imported from here.
enableCompileCache()
await import('./main.ts')
