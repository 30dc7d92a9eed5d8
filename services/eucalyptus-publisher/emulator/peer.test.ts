import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { setUp } from '../testing/bench.ts'
import { handle, keepDisk, registrationsIn, tested } from '../testing/events.ts'

/** Finds an image, fetches its bundle and takes the disk out of it, by nothing of ours: euca2ools does the same with openssl and tar. */
const program = `
import hashlib, io, json, re, sys, tarfile, zlib
from xml.etree import ElementTree
import boto3
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding as blocks, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

url, name, key_file, certificate_file = sys.argv[1:]
config = Config(signature_version='v4', s3={'addressing_style': 'path'}, request_checksum_calculation='when_required')
def client(service, path):
    return boto3.client(service, region_name='eucalyptus', endpoint_url=url + path, config=config)
ec2 = client('ec2', '/services/compute/')
config = config.merge(Config(signature_version='s3v4'))
s3 = client('s3', '/services/objectstorage')

older = boto3.client('ec2', region_name='eucalyptus', endpoint_url=url + '/services/compute/',
                     config=Config(signature_version='v2'))
assert older.describe_images(Owners=['self'])['Images'] == ec2.describe_images(Owners=['self'])['Images']
image, = ec2.describe_images(Owners=['self'], Filters=[{'Name': 'name', 'Values': [name]}])['Images']
bucket, _, manifest_key = image['ImageLocation'].partition('/')
folder = manifest_key.rpartition('/')[0] + '/'
listed = {one['Key']: one['Size'] for one in s3.list_objects(Bucket=bucket, Prefix=folder)['Contents']}
text = s3.get_object(Bucket=bucket, Key=manifest_key)['Body'].read().decode()
manifest = ElementTree.fromstring(text).find('image')

with open(key_file, 'rb') as file:
    key = serialization.load_pem_private_key(file.read(), None)
def secret(field):
    return bytes.fromhex(key.decrypt(bytes.fromhex(manifest.findtext(field)), padding.PKCS1v15()).decode())
decryptor = Cipher(algorithms.AES(secret('user_encrypted_key')), modes.CBC(secret('user_encrypted_iv'))).decryptor()
unpadder, gunzip = blocks.PKCS7(128).unpadder(), zlib.decompressobj(31)
archive = io.BytesIO()
for part in sorted(manifest.find('parts'), key=lambda part: int(part.get('index'))):
    data = s3.get_object(Bucket=bucket, Key=folder + part.findtext('filename'))['Body'].read()
    assert hashlib.sha1(data).hexdigest() == part.findtext('digest')
    archive.write(gunzip.decompress(unpadder.update(decryptor.update(data))))
archive.write(gunzip.decompress(unpadder.update(decryptor.finalize()) + unpadder.finalize()) + gunzip.flush())
assert gunzip.eof and hashlib.sha1(archive.getvalue()).hexdigest() == manifest.findtext('digest')
archive.seek(0)
with tarfile.open(fileobj=archive) as tar:
    member, = tar.getmembers()
    disk = tar.extractfile(member).read()

with open(certificate_file, 'rb') as file:
    certificate = x509.load_pem_x509_certificate(file.read())
signed = ''.join(re.search('<%s>.*</%s>' % (one, one), text).group() for one in ('machine_configuration', 'image'))
signature = bytes.fromhex(ElementTree.fromstring(text).findtext('signature'))
certificate.public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA1())

ec2.modify_image_attribute(ImageId=image['ImageId'], LaunchPermission={'Add': [{'Group': 'all'}]})
public = ec2.describe_images(ImageIds=[image['ImageId']], ExecutableUsers=['all'])['Images']
codes = []
for refused in (
    lambda: ec2.enable_image_deprecation(ImageId=image['ImageId'], DeprecateAt='2030-01-01T00:00:00Z'),
    lambda: ec2.register_image(Name=name, ImageLocation=image['ImageLocation'], VirtualizationType='hvm'),
):
    try:
        refused()
    except ec2.exceptions.ClientError as error:
        codes.append(error.response['Error']['Code'])
print(json.dumps({
    'id': image['ImageId'], 'state': image['State'], 'type': image['VirtualizationType'],
    'tags': sorted(tag['Key'] for tag in image['Tags']),
    'bundled': sum(size for key, size in listed.items() if key != manifest_key) == int(manifest.findtext('bundled_size')),
    'disk': hashlib.sha256(disk).hexdigest(), 'size': len(disk), 'public': len(public), 'refused': codes}))
`

let folder: string
let python: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-eucalyptus-peer-'))
  const bin = await providePythonEnvironment('eucalyptus-peer', ['boto3==1.44.8', 'cryptography==50.0.2'])
  python = join(bin, 'python3')
}, 300_000)
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

it('boto3 finds and fetches what was made, and Python unbundles it with the key of the user', async () => {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=publisher']
  await run('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', certificate])
  const account = { ...emulatorAccount, certificate: await readFile(certificate, 'utf8') }
  await using bench = await setUp({ accounts: [account] })
  const unsigned = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(unsigned).rejects.toThrow(/InvalidManifest.*not signed by the key of its user/)
  const disk = await keepDisk(bench.artifacts, { size: 16 * 1024 * 1024, data: 11 * 1024 * 1024 })
  const clouds = await bench.publisher({ user: [`certificate = ${certificate}`, `private-key = ${key}`] })
  const [registration] = registrationsIn((await handle(bench, tested(disk), { clouds })).events)
  const env = {
    AWS_ACCESS_KEY_ID: emulatorAccount.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulatorAccount.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    HOME: '/nonexistent',
  }
  const args = ['-c', program, bench.emulator.url, registration?.name ?? '', key, certificate]
  const { stdout } = await run(python, args, { env })
  expect(JSON.parse(stdout)).toEqual({
    id: registration?.id,
    state: 'available',
    type: 'hvm',
    tags: ['imagedrop:compose', 'imagedrop:drop', 'imagedrop:image', 'imagedrop:sha256'],
    bundled: true,
    disk: disk.sha256,
    size: disk.size,
    public: 1,
    refused: ['InvalidAction', 'InvalidAMIName.Duplicate'],
  })
}, 120_000)
