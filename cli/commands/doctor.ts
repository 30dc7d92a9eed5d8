import { defineCommand } from '../command.ts'
import { doctor } from '../doctor/doctor.ts'
import { renderDoctor } from '../doctor/render.ts'
import { stateOption } from '../options.ts'
import { stateFolderOf } from '../stack.ts'

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'tell what this machine has and lacks, what that costs, and how to mend it',
  options: { json: { means: 'print one JSON document instead of lines' }, state: stateOption },
  examples: ['doctor', 'doctor --json | jq .checks'],
  exits: { 0: '`imagedrop drop` can run here', 1: 'something that it needs is missing' },
  async run({ values, env }) {
    const report = await doctor({ env, stateFolder: stateFolderOf(values.state, env) })
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : renderDoctor(report))
    return report.ok ? 0 : 1
  },
})
