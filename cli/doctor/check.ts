import type { Weight } from '#service/host-check.ts'

/** One checked thing, as doctor reports it. */
export interface CheckReport {
  readonly name: string
  readonly weight: Weight
  readonly ok: boolean
  /** What was seen. */
  readonly seen: string
  readonly cost: string | null
  readonly fix: string | null
}

/** Everything that doctor found; `ok` when the main job can run. */
export interface DoctorReport {
  readonly ok: boolean
  readonly checks: readonly CheckReport[]
}
