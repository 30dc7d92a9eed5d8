import { refuse, text, type Answers } from '../http/answer.ts'

/**
 * The virtual router's password server (CloudStack, `systemvm/debian/opt/cloud/bin/passwd_server_ip.py`): gives an
 * instance's password until the instance has said that it has saved it, whatever the path, and always with status 200.
 */
export function passwordServer(password: string): Answers {
  let waiting: string | null = password
  return ({ method, headers }) => {
    // It knows POST too, for its own router alone.
    if (method !== 'GET') return refuse(method === 'POST' ? 403 : 501)
    const request = headers['domu_request']
    if (request === 'send_my_password') return text(waiting ?? 'saved_password')
    if (request !== 'saved_password') return text('bad_request')
    waiting = null
    return text('saved_password')
  }
}
