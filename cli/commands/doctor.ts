import { doctor } from '../doctor/doctor.ts'
import { renderDoctor } from '../doctor/render.ts'
import { stateFolderOf } from '../stack.ts'
import { parseOptions, type Command } from '../usage.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  usage: 'usage: imagedrop doctor [--json] [--state DIR]',
  summary: 'tell what this machine has and lacks, what that costs, and how to mend it',
  async run(args) {
    const { values } = parseOptions(doctorCommand, args, { json: { type: 'boolean' }, state: { type: 'string' } })
    const report = await doctor({ env: process.env, stateFolder: stateFolderOf(values.state) })
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : renderDoctor(report))
    return report.ok ? 0 : 1
  },
}
