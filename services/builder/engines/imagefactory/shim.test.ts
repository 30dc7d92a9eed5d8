import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { shim } from './plan.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-shim-'))
  // As much of ImageFactory's library as the shim uses, with its names; its builder only writes a file.
  const library: Record<string, string> = {
    __init__: '',
    Version: 'VERSION = "1.1.16-1"\n',
    ApplicationConfiguration:
      'class ApplicationConfiguration:\n  def __init__(self, configuration):\n    global given\n    given = configuration\n',
    PluginManager:
      'class PluginManager:\n  def __init__(self, path): assert path == "/etc/imagefactory/plugins.d"\n  def load(self): pass\n',
    ReservationManager: 'class ReservationManager:\n  MIN_PORT = 1025\n  MAX_PORT = 65535\n',
    BuildDispatcher: `
import os, threading
from imgfac import ApplicationConfiguration as configured
class Image:
    identifier = "c0ffee00-0000-4000-8000-000000000000"
    status, percent_complete = "BUILDING", 10
    status_detail = {"activity": "Generating JEOS install media", "error": None}
    parameters = {"libvirt_xml": "<domain/>"}
class BuildDispatcher:
    def builder_for_base_image(self, template, parameters):
        assert parameters == {"install_script": "answers", "generate_icicle": False}, parameters
        image = Image()
        storage = configured.given["image_manager_args"]["storage_path"]
        image.data = os.path.join(storage, image.identifier + ".body")
        def work():
            if template == "broken":
                image.status, image.status_detail = "FAILED", {"activity": "", "error": "No disk activity in 300 seconds"}
                return
            open(image.data, "w").write("disk")
            image.status, image.percent_complete = "COMPLETE", 100
        thread = threading.Thread(target=work)
        thread.start()
        return type("Builder", (), {"base_image": image, "base_thread": thread})()
`,
  }
  await mkdir(join(folder, 'lib', 'imgfac'), { recursive: true })
  for (const [name, text] of Object.entries(library)) await writeFile(join(folder, 'lib', 'imgfac', `${name}.py`), text)
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const build = async (template: string) => {
  const at = (name: string) => join(folder, name)
  await writeFile(at('tdl'), template)
  await writeFile(at('answers'), 'answers')
  const order = {
    work: folder,
    template: at('tdl'),
    answers: at('answers'),
    identifier: at('identifier'),
    disk: at('output/image.raw'),
    machine: at('output/guest.xml'),
    timeout: 60,
  }
  await writeFile(at('order.json'), JSON.stringify(order))
  const env = { PYTHONPATH: at('lib') }
  const { code, stdout } = await run('python3', [shim, at('order.json')], { env, okCodes: [0, 1] })
  const said = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { code, last: said.at(-1), order }
}

it('puts the disk where it was told to, keeps what the image is called, and says that it is complete', async () => {
  const { code, last, order } = await build('good')
  expect({ code, last }).toEqual({ code: 0, last: { status: 'COMPLETE', disk: order.disk } })
  expect(await readFile(order.disk, 'utf8')).toBe('disk')
  expect(await readFile(order.machine, 'utf8')).toBe('<domain/>')
  expect(await readFile(order.identifier, 'utf8')).toMatch(/^[0-9a-f-]{36}$/)
})

it('ends badly, with the reason, when the image failed: the command of ImageFactory may end well then', async () => {
  const { code, last } = await build('broken')
  expect({ code, last }).toEqual({ code: 1, last: { status: 'FAILED', error: 'No disk activity in 300 seconds' } })
})
