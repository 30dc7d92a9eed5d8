import type { Place, World } from '../world.ts'
import type { Parameters } from './parameters.ts'
import type { Xml } from './xml.ts'

/** One request, as an action sees it. */
export interface Call extends Place {
  readonly world: World
  readonly parameters: Parameters
}

/** One action of the EC2 API. */
export interface Action {
  /** Every parameter it takes, with spaces between, lists written as `Owner.N`; others are refused. */
  readonly takes: string
  readonly run: (call: Call) => Promise<{ readonly [name: string]: Xml }> | { readonly [name: string]: Xml }
}
