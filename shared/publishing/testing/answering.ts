import { PermanentError, TransientError } from '#service/errors.ts'
import { ToolMissing } from '#subprocess/errors.ts'
import { serveCall } from '../serve-call.ts'

// A program for the tests of `callInOwnProcess`.

await serveCall(async (request, progress) => {
  const { say } = request as { readonly say: string }
  progress({ phase: 'beginning' })
  progress({ phase: 'sending', done: 1, total: 2 })
  progress({ phase: 'sending', done: 2, total: 2 })
  switch (say) {
    case 'environment':
      return process.env
    case 'transient':
      throw new TransientError('not now')
    case 'refused':
      throw new PermanentError('refused', 'not you')
    case 'tool':
      throw new ToolMissing('qemu-img')
    case 'bug':
      throw new TypeError('x is not a function')
    case 'nothing':
      return process.exit(0)
    case 'death':
      return process.exit(3)
    case 'wait':
      await new Promise(() => undefined)
      return null
    default:
      process.stdout.write('{"result":"printed"}\n')
      return { said: say }
  }
})
