/** Where the machine finds the mirror. */
export const address = '192.168.124.1'

/** The release that is installed. */
export const suite = 'trixie'

/** Nothing beyond the base system; the release file was verified by this program, so the installer need not. */
export const preseed = `d-i auto-install/enable boolean true
d-i debconf/priority string critical
d-i debian-installer/locale string en_US.UTF-8
d-i keyboard-configuration/xkb-keymap select us
d-i netcfg/disable_autoconfig boolean true
d-i netcfg/choose_interface select auto
d-i netcfg/get_ipaddress string 192.168.124.2
d-i netcfg/get_netmask string 255.255.255.0
d-i netcfg/get_gateway string ${address}
d-i netcfg/get_nameservers string ${address}
d-i netcfg/confirm_static boolean true
d-i netcfg/get_hostname string localhost
d-i netcfg/get_domain string localdomain
d-i clock-setup/utc boolean true
d-i clock-setup/ntp boolean false
d-i time/zone string Etc/UTC
d-i passwd/make-user boolean false
d-i passwd/root-login boolean true
d-i passwd/root-password-crypted password !locked-for-nobody-logs-in
d-i partman-auto/method string regular
d-i partman-auto/expert_recipe string root :: 900 900 -1 ext4 $primary{ } $bootable{ } method{ format } format{ } use_filesystem{ } filesystem{ ext4 } mountpoint{ / } .
d-i partman-auto/choose_recipe select root
d-i partman-basicfilesystems/no_swap boolean false
d-i partman-partitioning/confirm_write_new_label boolean true
d-i partman/choose_partition select finish
d-i partman/confirm boolean true
d-i partman/confirm_nooverwrite boolean true
d-i base-installer/install-recommends boolean false
d-i base-installer/kernel/image string linux-image-cloud-amd64
d-i apt-setup/services-select multiselect
d-i apt-setup/use_mirror boolean true
tasksel tasksel/first multiselect
d-i pkgsel/run_tasksel boolean false
d-i pkgsel/upgrade select none
d-i pkgsel/update-policy select none
popularity-contest popularity-contest/participate boolean false
d-i grub-installer/only_debian boolean true
d-i grub-installer/bootdev string /dev/vda
d-i finish-install/reboot_in_progress note
d-i debian-installer/exit/poweroff boolean true
d-i debian-installer/add-kernel-opts string console=tty0 console=ttyS0,115200n8
d-i preseed/late_command string in-target sed -i 's/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=1/' /etc/default/grub; in-target update-grub; rm -f /target/etc/ssh/ssh_host_*; : > /target/etc/machine-id
d-i debian-installer/allow_unauthenticated boolean true
`
