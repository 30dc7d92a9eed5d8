"""Makes the calls that it reads, one in a line of JSON, by boto3, and tells the answers: one in a line.

A call is {"endpoint", "region", "service", "operation", "parameters"}; an answer {"answer"} or {"refusal": code}, and
with both what of it AWS's own description of the service, which botocore has, does not know: {"unknown": [...]}.
"""

import base64
import datetime
import hashlib
import json
import sys
import xml.etree.ElementTree as ElementTree

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

credentials = {'aws_access_key_id': sys.argv[1], 'aws_secret_access_key': sys.argv[2]}
# What is wrong is the service's to say.
config = Config(retries={'total_max_attempts': 1}, parameter_validation=False)
clients = {}


def client_of(endpoint, region, service):
    key = (endpoint, region, service)
    if key not in clients:
        client = boto3.client(service, region_name=region, endpoint_url=endpoint, config=config, **credentials)
        client.meta.events.register('before-parse.*.*', look)
        clients[key] = client
    return clients[key]


def look(operation_model, response_dict, **_):
    """Compares an answer as it came with the shape that it must have."""
    status = response_dict['status_code']
    if status >= 300:
        return
    expected = operation_model.http.get('responseCode', 200)
    if status != expected:
        unknown.append(f'status {status} instead of {expected}')
    shape = operation_model.output_shape
    if shape is None or shape.serialization.get('payload') or 'payload' in shape.metadata:
        return
    protocol = operation_model.service_model.metadata['protocol']
    if protocol == 'ec2':
        compare_xml(shape, ElementTree.fromstring(response_dict['body']), operation_model.name)
    elif protocol == 'query':
        wrapper = shape.serialization['resultWrapper']
        [result] = [one for one in ElementTree.fromstring(response_dict['body']) if local(one) == wrapper]
        compare_xml(shape, result, operation_model.name)
    else:
        compare_json(shape, json.loads(response_dict['body'] or '{}'), operation_model.name)


def compare_xml(shape, element, path):
    children = [child for child in element if local(child) != 'requestId']
    if shape.type_name == 'structure':
        members = {serialized(name, member): member for name, member in shape.members.items()}
        names = [local(child) for child in children]
        unknown.extend(f'{path}: {name} twice' for name in set(names) if names.count(name) > 1)
        for child in children:
            compare_member(compare_xml, members.get(local(child)), child, f'{path}.{local(child)}')
    elif shape.type_name == 'list':
        for child in children:
            if local(child) != serialized('item', shape.member):
                unknown.append(f'{path}: {local(child)}')
            compare_xml(shape.member, child, path)
    else:
        if children:
            unknown.append(f'{path}: not a {shape.type_name}')
        compare_scalar(shape, element.text or '', path)


def compare_json(shape, value, path):
    if shape.type_name == 'structure':
        members = {serialized(name, member): member for name, member in shape.members.items()}
        for name, one in value.items():
            compare_member(compare_json, members.get(name), one, f'{path}.{name}')
    elif shape.type_name == 'list':
        for one in value:
            compare_json(shape.member, one, path)
    elif shape.type_name in ('integer', 'long', 'double', 'float', 'timestamp'):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            unknown.append(f'{path}: {value!r} is no {shape.type_name}')
    elif isinstance(value, bool) != (shape.type_name == 'boolean'):
        unknown.append(f'{path}: {value!r} is no {shape.type_name}')
    else:
        compare_scalar(shape, value, path)


def compare_member(compare, member, value, path):
    if member is None:
        unknown.append(path)
    else:
        compare(member, value, path)


def compare_scalar(shape, text, path):
    fits = {
        'boolean': lambda: text in ('true', 'false') or isinstance(text, bool),
        'integer': lambda: int(text) is not None,
        'long': lambda: int(text) is not None,
        'timestamp': lambda: datetime.datetime.fromisoformat(text.replace('Z', '+00:00')) is not None,
        'string': lambda: not getattr(shape, 'enum', None) or text in shape.enum,
    }.get(shape.type_name, lambda: True)
    try:
        is_right = fits()
    except ValueError:
        is_right = False
    if not is_right:
        unknown.append(f'{path}: {text!r} is no {shape.name}')


def serialized(name, shape):
    return shape.serialization.get('name', name)


def local(element):
    return element.tag.rpartition('}')[2]


def given(value):
    """Bytes come as {"base64": text}."""
    if isinstance(value, dict):
        return base64.b64decode(value['base64']) if list(value) == ['base64'] else {k: given(v) for k, v in value.items()}
    return [given(one) for one in value] if isinstance(value, list) else value


def told(value):
    """Bytes go as their SHA-256."""
    return hashlib.sha256(value.read()).hexdigest() if hasattr(value, 'read') else str(value)


for line in sys.stdin:
    call = json.loads(line)
    unknown = []
    try:
        client = client_of(call['endpoint'], call['region'], call['service'])
        answer = getattr(client, call['operation'])(**given(call['parameters']))
        del answer['ResponseMetadata']
        said = {'answer': answer}
    except ClientError as error:
        said = {'refusal': error.response['Error']['Code']}
    except ResponseParserError:
        said = {'refusal': 'no answer of the service'}
    print(json.dumps({**said, 'unknown': unknown}, default=told), flush=True)
