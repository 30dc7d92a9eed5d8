# What mkosi and the scripts of its parts do, in KIWI's tree before the disk is made. RELEASE is set.

# KIWI's first packages have brought documentation: they are unpacked without dpkg, which would have left it out.
find /usr/share/doc /usr/share/info -type f ! -name copyright ! -path /usr/share/info/dir -delete
rm -rf /usr/share/man/*
dpkg-divert --quiet --package dash --no-rename --remove /usr/share/man/man1/sh.1.gz
update-alternatives --quiet --remove-all builtins.7.gz
find /etc/alternatives -xtype l -delete
# base-files makes it again when it is configured a second time.
rm -f /usr/local/share/man/man

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

# grub-cloud-amd64 comes with arguments of its own; the kernel gets those of the description alone.
sed -i 's/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX=""/' /etc/default/grub
