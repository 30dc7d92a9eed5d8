import { Float, type Value } from '../../../services/builder/engines/koji/rpc/value.ts'

/** A time as the hub tells it: as PostgreSQL writes it, and as seconds with a fraction. */
export function moment(name: string, time: Date | null): Record<string, Value> {
  return {
    [`${name}_time`]: time === null ? null : written(time),
    [`${name}_ts`]: time === null ? null : seconds(time),
  }
}

/** `2026-11-25 19:49:34.253000+00:00`; a time of whole seconds has no fraction. */
export function written(time: Date): string {
  const text = time.toISOString().replace('T', ' ')
  return text.replace(/\.(\d+)Z$/, (_, digits: string) => (Number(digits) === 0 ? '+00:00' : `.${digits}000+00:00`))
}

export function seconds(time: Date): Float {
  return new Float(time.getTime() / 1000)
}
