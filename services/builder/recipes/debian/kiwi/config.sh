# What mkosi and the scripts of its parts do, in KIWI's tree before the disk is made. RELEASE is set.

usermod --password '!*' root
: >/etc/machine-id
sed -i "s/@RELEASE@/$RELEASE/g" /etc/apt/sources.list.d/debian.sources
systemctl preset-all
systemctl --global preset-all

# The initrd is made last: what it holds is known now.
for modules in /usr/lib/modules/*; do
  version=${modules##*/}
  update-initramfs -c -k "$version"
  linux-update-symlinks install "$version" "/boot/vmlinuz-$version"
done
