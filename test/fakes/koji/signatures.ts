import type { Signature } from './python.ts'
import type { World } from './world.ts'

/** A method of the hub: its parameters, the name that Python gives it, and the plugin that it comes from. */
export interface Method {
  readonly signature: Signature
  readonly called: string
  readonly plugin?: World['plugins'] extends Set<infer Name> ? Name : never
}

/** Parameters as in koji 2083513a (1.35.3), koji-osbuild 650663b and koji-image-builder 97e0e9a; `=` has a default. */
const ofHub: Readonly<Record<string, string>> = {
  buildImage: 'name version arch target ksfile img_type opts= priority=',
  buildImageOz: 'name version arches target inst_tree opts= priority=',
  cancelTask: 'task_id recurse=',
  cancelTaskChildren: 'task_id',
  cancelTaskFull: 'task_id strict=',
  checkUpload: 'path name verify= tail= volume=',
  downloadTaskOutput: 'taskID fileName offset= size= volume=',
  error: '',
  fault: '',
  getAPIVersion: '',
  getBuild: 'buildInfo strict=',
  getBuildConfig: 'tag event=',
  getBuildLogs: 'build',
  getBuildTarget: 'info event= strict=',
  getHost: 'hostInfo strict= event=',
  getImageBuild: 'buildInfo strict=',
  getKojiVersion: '',
  getLoggedInUser: '',
  getNextRelease: 'build_info incr=',
  getPackageConfig: 'tag pkg event=',
  getPerms: '',
  getSessionInfo: 'details= user_id=',
  getTag: 'tagInfo strict= event= blocked=',
  getTaskChildren: 'task_id request= strict=',
  getTaskDescendents: 'task_id request=',
  getTaskInfo: 'task_id request= strict=',
  getTaskRequest: 'taskId',
  getTaskResult: 'taskId raise_fault=',
  getUser: 'userInfo= strict= krb_princs= groups=',
  hasPerm: 'perm strict=',
  listArchives:
    'buildID= buildrootID= componentBuildrootID= hostID= type= filename= size= checksum= checksum_type= typeInfo= queryOpts= imageID= archiveID= strict=',
  listBuildroots: 'hostID= tagID= state= rpmID= archiveID= taskID= buildrootID= repoID= queryOpts=',
  listBuilds:
    'packageID= userID= taskID= prefix= state= volumeID= source= createdBefore= createdAfter= completeBefore= completeAfter= type= typeInfo= queryOpts= pattern= cgID= draft= promotedBefore= promotedAfter= promoter=',
  listHosts: 'arches= channelID= ready= enabled= userID= queryOpts=',
  listRPMs: 'buildID= buildrootID= imageID= componentBuildrootID= hostID= arches= queryOpts= draft=',
  listTags: 'build= package= perms= queryOpts= pattern=',
  listTaskOutput: 'taskID stat= all_volumes= strict=',
  listTasks: 'opts= queryOpts=',
  resubmitTask: 'taskID',
  taskFinished: 'taskId',
}

/** Functions that are no methods of a class: Python calls them by their bare names. */
const bare: Readonly<Record<string, string>> = {
  'scheduler.getLogMessages': 'clauses= fields=',
  'scheduler.getTaskRefusals': 'clauses= fields=',
  exclusiveSession: 'force=',
  login: 'user password opts= renew= exclusive=',
  logout: 'session_id=',
  sharedSession: '',
  sslLogin: 'proxyuser= proxyauthtype= renew= exclusive=',
  subsession: '',
}

const ofPlugins: Readonly<Record<string, readonly [plugin: NonNullable<Method['plugin']>, parameters: string]>> = {
  kiwiBuild: [
    'kiwi',
    'target arches desc_url desc_path optional_arches= profile= scratch= priority= make_prep= repos= release= type= type_attr= result_bundle_name_format= use_buildroot_repo= version= repo_releasever=',
  ],
  osbuildImage: ['osbuild', 'name version distro image_type target arches opts= priority='],
  imageBuilderBuild: ['image_builder', 'target arches types name version opts= priority='],
}

/** What Python calls the methods of the hub that are functions of their own. */
const functions: Readonly<Record<string, string>> = {
  getBuild: 'get_build',
  getBuildLogs: 'get_build_logs',
  getBuildTarget: 'get_build_target',
  getHost: 'get_host',
  getImageBuild: 'get_image_build',
  getNextRelease: 'get_next_release',
  getTag: 'get_tag',
  getUser: 'get_user',
  listArchives: 'list_archives',
  listBuildroots: 'query_buildroots',
  listRPMs: 'list_rpms',
  listTags: 'list_tags',
  listTaskOutput: 'list_task_output',
}

const split = (parameters: string): Signature => parameters.split(' ').filter((one) => one !== '')

/** The methods that the fake hub has, by their names. */
export const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ...Object.entries(ofHub).map(
    ([name, parameters]) =>
      [name, { signature: split(parameters), called: functions[name] ?? `RootExports.${name}` }] as const,
  ),
  ...Object.entries(bare).map(([name, parameters]) => [name, { signature: split(parameters), called: name }] as const),
  ...Object.entries(ofPlugins).map(
    ([name, [plugin, parameters]]) => [name, { signature: split(parameters), called: name, plugin }] as const,
  ),
])
