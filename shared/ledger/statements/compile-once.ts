import type { Compilable, CompiledQuery } from 'kysely'

/** Stands for a value in a statement that is compiled before there are values. */
class Place {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/**
 * A statement that is built and compiled once, and then only filled in: for a long one, that takes longer than all else that we do
 * for it. What `build` makes of a value may depend on nothing but that it is there.
 */
export function compileOnce<Values extends Readonly<Record<string, string | number>>, Row>(
  names: readonly (keyof Values & string)[],
  build: (values: Values) => Compilable<Row>,
): (values: Values) => CompiledQuery<Row> {
  const places = Object.fromEntries(names.map((name) => [name, new Place(name)]))
  const compiled = build(places as unknown as Values).compile()
  return (values) => ({
    ...compiled,
    parameters: compiled.parameters.map((one) => (one instanceof Place ? values[one.name] : one)),
  })
}
