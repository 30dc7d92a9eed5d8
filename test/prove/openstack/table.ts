import type { BootedRow } from './boot-row.ts'

/** What became of the rows, as a table of Markdown. */
export function formatTable(booted: readonly BootedRow[]): string {
  const lines = booted.map(({ row, hasBooted, source, hasRunUserData, seconds }) => [
    row.name,
    row.hardware.firmware.toUpperCase(),
    row.hardware.chipset,
    row.hardware.disk,
    driveOf(row.datasource, row.configDrives),
    hasBooted ? 'yes' : seconds === null ? 'Nova refuses' : 'no',
    source?.replace('DataSource', '') ?? '',
    hasRunUserData ? 'yes' : 'no',
    seconds?.toFixed(0) ?? '',
  ])
  const head = ['row', 'firmware', 'chipset', 'disk', 'config drive', 'booted', 'told by', 'user data run', 'seconds']
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function driveOf(datasource: string, configDrives: 'vfat' | undefined): string {
  if (datasource === 'openstack') return 'none'
  const [, bus = 'virtio'] = datasource.split('-')
  return configDrives === undefined ? `${bus}, a CD` : `${bus}, a disk`
}
