import { installS3Server } from './s3.ts'

/** Builds the servers of the tests that no distribution has a package of, unless this machine has them. */
if (!process.env['IMAGEDROP_TEST_S3_URL']) {
  const notice = setTimeout(() => {
    process.stderr.write('set-up: building the S3 server of the tests; this takes some minutes, once\n')
  }, 1_000)
  await installS3Server()
  clearTimeout(notice)
}
