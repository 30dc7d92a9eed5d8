import type { Instance } from '../datasource.ts'
import { refuse, type Answers } from '../http/answer.ts'
import { uuidOf } from '../ids.ts'

/**
 * Azure's wire server, as far as a guest needs it that is told nothing in secret: the goal state says which instance this
 * is, and the guest reports that it is ready. The protocol is the Linux agent's (WALinuxAgent, `protocol/wire.py`): each
 * request names its version.
 */
export function wireServer({ id }: Instance): Answers {
  const instanceId = uuidOf(id)
  const goalState = `<?xml version="1.0" encoding="utf-8"?>
<GoalState>
  <Version>2012-11-30</Version>
  <Incarnation>1</Incarnation>
  <Machine><ExpectedState>Started</ExpectedState></Machine>
  <Container>
    <ContainerId>${uuidOf(`container of ${id}`)}</ContainerId>
    <RoleInstanceList>
      <RoleInstance><InstanceId>${instanceId}</InstanceId><State>Started</State></RoleInstance>
    </RoleInstanceList>
  </Container>
</GoalState>
`
  return ({ method, path, query, headers, body }) => {
    if (path === '/' && query.get('comp') === 'versions') return xml(supported)
    if (path.replace(/\/$/, '') !== '/machine') return refuse(404)
    if (headers['x-ms-version'] !== '2012-11-30') return refuse(400)
    if (method === 'GET' && query.get('comp') === 'goalstate') return xml(goalState)
    if (method === 'POST' && query.get('comp') === 'health')
      return body.includes(`<InstanceId>${instanceId}</InstanceId>`) ? xml('') : refuse(400)
    return refuse(404)
  }
}

const supported = `<?xml version="1.0" encoding="utf-8"?>
<Versions><Preferred><Version>2015-04-05</Version></Preferred><Supported><Version>2012-11-30</Version></Supported></Versions>
`

function xml(body: string) {
  return { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' }, body }
}
