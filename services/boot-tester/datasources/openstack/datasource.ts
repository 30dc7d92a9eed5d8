import type { DataSource, Instance } from '../datasource.ts'
import { json, refuse, text, type Answers } from '../http/answer.ts'
import { imdsAnswers } from '../ec2/imds.ts'
import { serveCloud } from '../http/serve-cloud.ts'
import { uuidOf } from '../ids.ts'
import { openstackFiles, versions } from './metadata.ts'

/** The address of every cloud's metadata service. */
const linkLocal = '169.254.169.254'

/** The metadata service of OpenStack's Nova. */
export const openStack: DataSource = {
  name: 'openstack',
  reportedAs: /DataSourceOpenStack/,
  idOf: ({ id }) => uuidOf(id),
  open: (instance, folder) =>
    serveCloud({
      // cloud-init takes a machine whose UUID is another's for a new one.
      identity: { manufacturer: 'OpenStack Foundation', product: 'OpenStack Nova', uuid: uuidOf(instance.id) },
      services: [{ addresses: [linkLocal], port: 80, answers: openStackAnswers(instance) }],
      folder,
    }),
}

/**
 * Nova's answers (nova, `api/metadata/handler.py`). Of a version it tells the names of its files. Beside its own tree it
 * has EC2's as that was at first, which cloud-init reads as well.
 */
export function openStackAnswers(instance: Instance): Answers {
  const files = openstackFiles(instance)
  const asEc2 = imdsAnswers(instance, 'none')
  return (question) => {
    const { method, path } = question
    const [service, version = '', name, ...more] = path.split('/').filter((part) => part !== '')
    if (service !== 'openstack') return asEc2(question)
    if (method !== 'GET' && method !== 'HEAD') return refuse(405)
    if (more.length > 0) return refuse(404)
    if (version === '') return text(versions.join('\n'))
    if (!versions.some((known) => known === version)) return refuse(404)
    if (name === undefined) return text(Object.keys(files).join('\n'))
    const content = Object.hasOwn(files, name) ? files[name] : undefined
    if (content === undefined) return refuse(404)
    return name.endsWith('.json') ? json(JSON.parse(content)) : text(content)
  }
}
