import { z } from 'zod'

/** Names that come from outside may become file names, so they never hold a separator or start with a dot. */
export const plainName = /^[A-Za-z0-9][A-Za-z0-9._+~-]*$/

/** A name that a folder stands for: a flavour of a recipe, a target of a publisher, a channel of the announcer. */
export const folderName = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
