/** The command line is not what the command takes. */
export class UsageError extends Error {
  override name = 'UsageError'
  readonly code = 'USAGE'
}
