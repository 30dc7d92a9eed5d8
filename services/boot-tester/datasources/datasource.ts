/** One first boot, as its guest is to learn of it. */
export interface Instance {
  /** Unique, so that every boot is a first boot. */
  readonly id: string
  readonly hostname: string
  /** In OpenSSH's form; the image's default user gets it. */
  readonly publicKey: string
  /** What cloud-init calls user data, `#cloud-config` first. */
  readonly userData: string
}

/** A disk that the cloud attaches beside the image's own. */
export interface CloudDisk {
  readonly path: string
  readonly bus: 'virtio' | 'scsi' | 'sata' | 'ide'
}

/** A server of the cloud: what the guest sends to the address arrives at our socket. */
export interface CloudServer {
  /** IPv4 or IPv6; `router` is the guest's gateway, from which it also has its lease. */
  readonly address: string
  readonly port: number
  readonly socket: string
  /** What the cloud's name server calls the address. */
  readonly names?: readonly string[]
}

/** What the firmware says of the machine (SMBIOS types 1 and 3), by which guests know their cloud. */
export interface CloudIdentity {
  readonly manufacturer?: string
  readonly product?: string
  readonly serial?: string
  readonly uuid?: string
  readonly assetTag?: string
}

/** A request of the guest, as its server saw it. */
export interface GuestRequest {
  readonly at: Date
  readonly method: string
  /** With the address at which the guest asked, which is one of several. */
  readonly url: string
  readonly status: number
}

/** What a cloud that makes its guests itself, OpenStack's Nova, is to make one of. */
export interface NovaOrder {
  readonly instance: Instance
  /** The bus of the config drive; null for the metadata service alone. */
  readonly configDrive: CloudDisk['bus'] | null
}

/** A cloud as one guest sees it. Disposing of it ends its servers; what lies in its folder goes with the folder. */
export interface Cloud extends AsyncDisposable {
  readonly identity: CloudIdentity
  readonly disks: readonly CloudDisk[]
  readonly servers: readonly CloudServer[]
  /** For a machine that is in such a cloud. */
  readonly order?: NovaOrder
  /** What the guest has asked so far. */
  readonly requests: () => readonly GuestRequest[]
  /** The same as a file of JSON lines, to be kept as evidence; null where there is nobody to ask. */
  readonly requestLog: string | null
}

/** One way in which a cloud tells its guests who they are. */
export interface DataSource {
  /** As people choose it; its folder. */
  readonly name: string
  /** What cloud-init says that it found. */
  readonly reportedAs: RegExp
  /** The id by which guests know an instance of this cloud. */
  readonly idOf: (instance: Instance) => string
  /** The cloud gives the default user a password, as few do. */
  readonly setsPassword?: boolean
  /** Prepares all that one guest will see, in an empty folder of its own. */
  readonly open: (instance: Instance, folder: string, signal: AbortSignal) => Promise<Cloud>
}
