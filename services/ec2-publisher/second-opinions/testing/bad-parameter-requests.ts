import { ssm, tags, type BadRequest } from './bad-request.ts'

const noParameter = { Name: '/not/there' }

/** Bad requests about parameters. */
export const badParameterRequests: readonly BadRequest[] = [
  ['a parameter that is not there', 'ParameterNotFound', () => ssm('get_parameter', noParameter)],
  [
    'the history of a parameter that is not there',
    'ParameterNotFound',
    () => ssm('get_parameter_history', noParameter),
  ],
  ['to delete a parameter that is not there', 'ParameterNotFound', () => ssm('delete_parameter', noParameter)],
  [
    'the tags of a parameter that is not there',
    'InvalidResourceId',
    () => ssm('list_tags_for_resource', { ResourceType: 'Parameter', ResourceId: noParameter.Name }),
  ],
  [
    'to make a parameter that is there',
    'ParameterAlreadyExists',
    ({ parameter: Name }) => ssm('put_parameter', { Name, Type: 'String', Value: 'x' }),
  ],
  [
    'to change the type of a parameter',
    'HierarchyTypeMismatchException',
    ({ parameter: Name }) => ssm('put_parameter', { Name, Type: 'StringList', Value: 'x', Overwrite: true }),
  ],
  [
    'tags with a new value',
    'ValidationException',
    ({ parameter: Name }) => ssm('put_parameter', { Name, Value: 'x', Overwrite: true, Tags: tags(1) }),
  ],
  ['a parameter without a type', 'ValidationException', () => ssm('put_parameter', { Name: '/a/c', Value: 'x' })],
  [
    'a name below /aws',
    'AccessDeniedException',
    () => ssm('put_parameter', { Name: '/aws/x', Type: 'String', Value: 'x' }),
  ],
  [
    'a relative name with levels',
    'ValidationException',
    () => ssm('put_parameter', { Name: 'a/c', Type: 'String', Value: 'x' }),
  ],
  [
    'a data type that there is not',
    'ValidationException',
    () => ssm('put_parameter', { Name: '/a/c', Type: 'String', Value: 'x', DataType: 'aws:s3:bucket' }),
  ],
]
