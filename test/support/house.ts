import { findServices } from '../../cli/services.ts'

/** The services of this project, without extensions: `...house` gives a host its roots and steps. */
export const house = await findServices({})
