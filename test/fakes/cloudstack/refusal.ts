/** A command that is refused, with the code of org.apache.cloudstack.api.ApiErrorCode. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: number

  constructor(code: number, text: string) {
    super(text)
    this.code = code
  }
}

export const unauthorized = 401
export const paramError = 431
export const internalError = 530
export const accountError = 531
export const resourceAllocationError = 535
