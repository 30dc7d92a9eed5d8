/** CRC-32 is division by this polynomial over bits, the lowest first. */
const polynomial = 0xedb88320

/**
 * The CRC-32 of two things one after the other, from that of each and the length of the second: bytes of zeros are put behind
 * the first, by squaring (as crc32_combine of zlib does), and what differs is the second's.
 */
export function crcOfBoth(first: number, second: number, length: number): number {
  return (multiply(first, power(length * 8)) ^ second) >>> 0
}

/** x to the power of a number of bits, modulo the polynomial. */
function power(bits: number): number {
  let result = 0x80000000 // 1
  let square = 0x40000000 // x
  for (let rest = bits; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square)
    square = multiply(square, square)
  }
  return result
}

function multiply(one: number, other: number): number {
  let product = 0
  let shifted = other
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((one & bit) !== 0) product ^= shifted
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ polynomial : shifted >>> 1
  }
  return product >>> 0
}
