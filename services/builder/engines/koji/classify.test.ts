import { describe, expect, it } from 'vitest'
import { PermanentError, TransientError } from '#service/errors.ts'
import { NothingBuilt } from '../engine.ts'
import { classifyKoji, explainKoji, isAway } from './classify.ts'
import { BadReply } from './rpc/decode.ts'
import { ConnectionLost, HttpRefusal, NotTrusted } from './rpc/exchange.ts'
import { KojiFault } from './rpc/faults.ts'
import { keyOfChange } from './wake.ts'

describe('what an operator has to do', () => {
  it.each([
    [1, "<class 'OSError'>: x", 'bug'],
    [1000, 'something', 'bug'],
    [1000, 'Invalid method: kiwiBuild', 'environment'],
    [1000, 'No such build target: f99', 'environment'],
    [1000, 'Channel image is disabled.', 'environment'],
    [1001, 'locked', 'transient'],
    [1002, 'invalid username or password', 'environment'],
    [1003, 'x', 'environment'],
    [1004, 'image permission required', 'environment'],
    [1005, 'x', 'recipe'],
    [1006, 'User locked by another session', 'transient'],
    [1007, 'session "36" has expired', 'transient'],
    [1008, '5 > 0 (session 1)', 'transient'],
    [1009, 'unable to retry call 6', 'transient'],
    [1010, 'x', 'environment'],
    [1011, 'x', 'environment'],
    [1012, 'x', 'environment'],
    [1013, 'x', 'bug'],
    [1014, 'database outage', 'transient'],
    [1015, 'x', 'recipe'],
    [1016, 'x', 'environment'],
    [1017, 'x', 'environment'],
    [1018, 'x', 'recipe'],
    [1019, 'missing 3 required positional arguments', 'bug'],
    [1020, 'x', 'environment'],
    [1021, 'x', 'environment'],
    [1022, 'x', 'recipe'],
    [1023, 'x', 'environment'],
    [1024, 'x', 'refused'],
    [4711, 'x', 'bug'],
  ])('a call that is refused with %i (%s): %s', (code, text, kind) => {
    expect(classifyKoji(new KojiFault(code, text))).toBe(kind)
    expect(isAway(new KojiFault(code, text))).toBe(kind === 'transient')
  })

  it.each([
    [new ConnectionLost('broke off', true), 'transient'],
    [new TransientError('x'), 'transient'],
    [new NotTrusted('x'), 'environment'],
    [new HttpRefusal(403, 'x'), 'environment'],
    [new BadReply('x'), 'environment'],
    [new NothingBuilt('x'), 'environment'],
    [new PermanentError('stuck', 'x'), 'stuck'],
    [Object.assign(new Error('x'), { code: 'ENOSPC' }), 'capacity'],
    [new Error('never seen'), 'bug'],
  ])('%s: %s', (error, kind) => {
    expect(classifyKoji(error)).toBe(kind)
  })

  it('is told in one line: of a traceback the last', () => {
    const text = 'Traceback (most recent call last):\n  File "x", line 1\nOSError: [Errno 28] No space left on device\n'
    expect(explainKoji(new KojiFault(1, text))).toBe(
      'Koji: unexpected error: OSError: [Errno 28] No space left on device',
    )
    expect(explainKoji(new KojiFault(1019, "None is not of type 'object'\n\nFailed validating"))).toBe(
      "Koji: ParameterError: None is not of type 'object'",
    )
  })
})

describe('a message about a task', () => {
  const body = { id: 7, method: 'image', attribute: 'state', old: 'OPEN', new: 'CLOSED' }
  it.each([
    [body, 'koji:7'],
    [{ ...body, new: 'OPEN' }, 'koji:7'],
    [{ ...body, new: 'FAILED' }, 'koji:7'],
    [{ ...body, new: 'ASSIGNED' }, null],
    [{ ...body, attribute: 'owner' }, null],
  ])('wakes who waits for it, where there is something to see', (message, key) => {
    expect(keyOfChange(message)).toBe(key)
  })
})
