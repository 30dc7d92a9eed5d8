import { z } from 'zod'

/** A part of the policy: its keys are all that there may be, and a wrong one is answered with the right ones. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `there is no key ${issue.keys?.map((key) => `"${key}"`).join(', ') ?? ''}; there are ${Object.keys(shape).join(', ')}`
        : undefined,
  })
}
