import { doctor, renderDoctor } from '../doctor/doctor.ts'
import { parseOptions, type Command } from '../usage.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  usage: 'usage: imagedrop doctor [--json]',
  summary: 'tell what this machine has and lacks, what that costs, and how to mend it',
  async run(args) {
    const { values } = parseOptions(doctorCommand, args, { json: { type: 'boolean' } })
    const report = await doctor({})
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : renderDoctor(report))
    return report.ok ? 0 : 1
  },
}
