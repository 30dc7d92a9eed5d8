import { expect, it } from 'vitest'
import { parseStreams } from './streams.ts'

it('reads the size of each stream, packed and unpacked, from what xz --list prints', () => {
  const printed = [
    'name\tb.xz',
    'file\t3\t3\t3000868\t3001536\t1.000\tCRC64\t0',
    'stream\t1\t1\t0\t0\t572\t512\t1.117\tCRC64\t0',
    'stream\t2\t1\t572\t512\t3000220\t3000000\t1.000\tCRC64\t0',
    'stream\t3\t1\t3000792\t3000512\t76\t1024\t0.074\tCRC64\t0',
    'block\t1\t1\t1\t12\t0\t536\t512\t1.047\tCRC64',
    'totals\t3\t3\t3000868\t3001536\t1.000\tCRC64\t0\t1',
    '',
  ].join('\n')
  expect(parseStreams(printed)).toEqual([
    { compressedSize: 572, size: 512 },
    { compressedSize: 3_000_220, size: 3_000_000 },
    { compressedSize: 76, size: 1024 },
  ])
})
