import type { DropImage, Registration } from '#events/vocabulary.ts'
import { target } from '../step.ts'

/** An image may be registered in other clouds as well. */
export function registrationsOf({ registrations }: DropImage): Registration[] {
  return registrations.filter((one) => one.target === target)
}
