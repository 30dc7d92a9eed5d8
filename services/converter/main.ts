import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { cacheOf, readConverterConfig } from './config.ts'
import { createPieceCache } from './pieces/piece-cache.ts'
import { converter } from './service.ts'

/** Puts the converter together. */
export const assemble: Assemble = async ({ artifacts, env, stateFolder }) => {
  const { concurrency, threads, memoryMib, deadlineMinutes, idleMinutes, ...config } = readConverterConfig(env)
  const limits = {
    threads,
    memoryMib,
    deadline: deadlineMinutes * 60_000,
    idleDeadline: idleMinutes * 60_000,
  }
  const cache = createPieceCache(cacheOf(config, stateFolder))
  return { service: bindService(converter, { artifacts, limits, cache }, { concurrency }) }
}
