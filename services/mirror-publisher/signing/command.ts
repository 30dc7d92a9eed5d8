import { run } from '#subprocess/run.ts'
import { collect, logIn } from './collect.ts'
import type { Sign } from './signer.ts'

/**
 * Signs by a command of the operator's: `clear`, `detached` or `armored` is its last argument, the text comes on its
 * standard input, and the signature is what it writes. No shell reads it; words are separated by blanks.
 */
export function signByCommand(command: string): Sign {
  const [tool = '', ...args] = command.split(/\s+/).filter((word) => word !== '')
  return (text, form, { signal, logFolder }) =>
    collect(text, ({ input, output }) =>
      run(tool, [...args, form], {
        input,
        output,
        signal,
        ...logIn(logFolder, 'signing-command.log'),
        deadline: 300_000,
      }),
    )
}
