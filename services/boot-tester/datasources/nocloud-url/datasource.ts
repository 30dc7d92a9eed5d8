import type { DataSource, Instance } from '../datasource.ts'
import { refuse, text, type Answers } from '../http/answer.ts'
import { serveCloud } from '../http/serve-cloud.ts'
import { seedFiles } from '../nocloud/datasource.ts'

const address = '169.254.169.254'

/** NoCloud from a web server that the machine's serial number names (cloud-init's reference, "NoCloud", "DMI"). */
export const noCloudUrl: DataSource = {
  name: 'nocloud-url',
  // With nothing but a URL, cloud-init adds "Net" to the name.
  reportedAs: /DataSourceNoCloud/,
  idOf: ({ id }) => id,
  open: (instance, folder) =>
    serveCloud({
      // "nocloud-net" is what every release understands; the files' names are put behind the slash as they are.
      identity: { serial: `ds=nocloud-net;s=http://${address}/` },
      services: [{ addresses: [address], port: 80, answers: seedAnswers(instance) }],
      folder,
    }),
}

/** A plain web server with the files of a seed. */
export function seedAnswers(instance: Instance): Answers {
  const files: Readonly<Record<string, string>> = seedFiles(instance)
  return ({ method, path }) => {
    if (method !== 'GET' && method !== 'HEAD') return refuse(405)
    const name = path.slice(1)
    const content = Object.hasOwn(files, name) ? files[name] : undefined
    return content === undefined ? refuse(404) : text(content)
  }
}
