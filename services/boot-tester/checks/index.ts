import type { Check } from './check.ts'
import { cloudInit } from './cloud-init/check.ts'
import { failedUnits } from './failed-units/check.ts'
import { kernelErrors } from './kernel-errors/check.ts'
import { loginPrompt } from './login-prompt/check.ts'
import { machineId } from './machine-id/check.ts'
import { rootGrown } from './root-grown/check.ts'
import { rootLogin } from './root-login/check.ts'
import { ssh } from './ssh/check.ts'

/** Every check, in the order in which a report shows them. */
export const checks: readonly Check[] = [
  loginPrompt,
  cloudInit,
  ssh,
  rootLogin,
  failedUnits,
  rootGrown,
  machineId,
  kernelErrors,
]
