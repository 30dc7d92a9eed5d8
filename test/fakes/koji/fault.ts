/** What the hub answers instead of a value: a number and a text. */
export class Fault extends Error {
  override name = 'Fault'
  readonly code: number

  constructor(code: number, text: string) {
    super(text)
    this.code = code
  }
}

export const generic = (text: string) => new Fault(1000, text)
export const authError = (text: string) => new Fault(1002, text)
export const notAllowed = (text: string) => new Fault(1004, text)
export const parameterError = (text: string) => new Fault(1019, text)
export const offline = (text: string) => new Fault(1014, text)

/** An exception of Python that the hub did not expect: fault 1 with its class. */
export const unexpected = (type: string, text: string) => new Fault(1, `<class '${type}'>: ${text}`)
