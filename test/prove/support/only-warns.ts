import { checks } from '../../../services/boot-tester/checks/index.ts'

const warnings = new Set(checks.filter(({ severity }) => severity === 'warning').map(({ name }) => name))

/** Whether a check makes no image unfit: on a busy host a guest may have something to complain of that is not the image's. */
export function onlyWarns({ name }: { readonly name: string }): boolean {
  return warnings.has(name)
}
