/** The value of an option of a command line that has it as `--name=value`, or as `--name value`. */
export function valueOf(argv: readonly string[], name: string): string {
  const index = argv.indexOf(name)
  const value =
    index === -1 ? argv.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) : argv[index + 1]
  if (value === undefined) throw new Error(`the tool is not called so: ${argv.join(' ')}`)
  return value
}
