# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# boot.sh - a kernel, an initramfs and a QEMU command line for the test VM
#
# Sourced by ../run, whose variables it uses. Everything it makes goes below
# .cache/vm.
# shellcheck disable=SC2154,SC2034

# What the initramfs needs to reach the host's files. Debian builds these as
# modules; modprobe knows the order and what is built in.
boot_modules=(virtio_pci 9pnet_virtio 9p)

# find_kernel WHAT: sets kernel_image, kernel_release and kernel_root, where
# kernel_root/lib/modules/kernel_release holds the modules. WHAT is the start
# of a release ("6.1"), looked for in the system that the VM runs, among the
# installed kernels and then in .cache/kernels, or a directory with boot/ and
# lib/modules/ in it.
find_kernel() {
	local what=$1 root image release
	local roots=("$vm_root" / "$cache"/kernels/*)

	[[ $what == */* ]] && roots=("$(realpath "$what")") && what=
	for root in "${roots[@]}"; do
		while read -r image; do
			release=${image##*/vmlinuz-}
			[[ $what && ! $release =~ ^"$what"([^0-9]|$) ]] && continue
			[ -d "${root%/}/lib/modules/$release" ] || continue
			kernel_image=$image
			kernel_release=$release
			kernel_root=$root
		done < <(find "${root%/}/boot" -name 'vmlinuz-*' | sort -V)
		[ "${kernel_image-}" ] && break
	done
	if [ ! "${kernel_image-}" ]; then
		echo "run: no kernel image with modules for '$1'" >&2
		echo "run: is linux-image-amd64 installed?  Try: scripts/setup" >&2
		return 1
	fi
	# A package that was only unpacked has no dependency list yet.
	if [ ! -e "${kernel_root%/}/lib/modules/$kernel_release/modules.dep" ]; then
		depmod -b "$kernel_root" "$kernel_release"
	fi
}

# copy_modules DIRECTORY: the modules that init loads, uncompressed, and their
# order. Busybox cannot read compressed ones.
copy_modules() {
	local to=$1 verb file name

	mkdir -p "$to"
	: > "$to/order"
	while read -r verb file _; do
		[ "$verb" = insmod ] || continue
		name=$(basename "$file")
		case $name in
		*.xz) name=${name%.xz}; xz -dc "$file" > "$to/$name" ;;
		*.zst) name=${name%.zst}; zstd -qdc "$file" > "$to/$name" ;;
		*) cp "$file" "$to/$name" ;;
		esac
		grep -qx "$name" "$to/order" || echo "$name" >> "$to/order"
	done < <(modprobe -d "$kernel_root" -S "$kernel_release" -a \
		--show-depends "${boot_modules[@]}")
}

# make_initramfs FILE: packs busybox, init, its modules and vm.conf, which
# comes on standard input.
make_initramfs() {
	local file=$1 tree

	tree=$(mktemp -d "$cache/vm/tree.XXXXXX")
	mkdir -p "$tree"/{bin,proc,sys,dev,new}
	cp /bin/busybox "$tree/bin/busybox"
	cp "$src/tests/vm/init" "$tree/init"
	chmod 755 "$tree/init"
	cat > "$tree/vm.conf"
	copy_modules "$tree/modules"
	(cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) > "$file"
	rm -rf "$tree"
}

# accel_options ACCEL: TCG needs "-cpu max": with "host" or a named model the
# VM dies when a guest starts inside it.
accel_options() {
	case $1 in
	kvm) echo "-accel kvm -cpu host" ;;
	tcg) echo "-accel tcg,thread=multi -cpu max" ;;
	esac
}

# find_accel: sets accel to kvm if a kernel really boots with it, else to tcg.
# The answer holds until the machine or QEMU changes.
find_accel() {
	local key answer=$cache/vm/accel token initramfs

	accel=tcg
	[ -w /dev/kvm ] || return 0
	key="$(cat /proc/sys/kernel/random/boot_id) $(qemu-system-x86_64 \
		--version | head -n 1)"
	if [ -e "$answer" ] && [ "$(tail -n +2 "$answer")" = "$key" ]; then
		accel=$(head -n 1 "$answer")
		return 0
	fi
	token=probe-$RANDOM$RANDOM
	initramfs=$(mktemp "$cache/vm/probe.XXXXXX")
	printf 'VM_PROBE=1\nVM_NONCE=%s\n' "$token" | make_initramfs "$initramfs"
	# shellcheck disable=SC2046 # several words are meant
	if timeout -k 1 20 qemu-system-x86_64 $(accel_options kvm) -m 512M \
		-nodefaults -display none -no-reboot -kernel "$kernel_image" \
		-initrd "$initramfs" -append "console=ttyS0 panic=-1" \
		-serial null -serial stdio < /dev/null 2> /dev/null |
		grep -q "$token alive"; then
		accel=kvm
	fi
	rm -f "$initramfs"
	printf '%s\n%s\n' "$accel" "$key" > "$answer"
}

# share TAG DIRECTORY MODE: QEMU options that offer a directory through 9p.
share() {
	local path=${2//,/,,}
	qemu_args+=(-virtfs "local,path=$path,mount_tag=$1,security_model=none,multidevs=remap,$3")
}

# set_vm_options OPTION VALUE...: sets smp, mem, swap and numa.
set_vm_options() {
	while [ $# -gt 0 ]; do
		case $1=${2-} in
		--smp=[1-9]* | --numa=[1-9]*) [[ $2 != *[!0-9]* ]] ;;
		--mem=* | --swap=*) [[ $2 =~ ^[0-9]+[KMGT]?$ ]] ;;
		*) false ;;
		esac || {
			echo "run: bad VM option: $1 ${2-}" >&2
			return 1
		}
		printf -v "${1#--}" %s "$2"
		shift 2
	done
}

# set_vm LINE: the VM of a case that says "# vm: LINE".
set_vm() {
	local words

	read -r -a words <<< "$1"
	set_vm_options --smp 2 --mem 3G --swap 0 --numa 1 "${words[@]}" \
		"${vm_given[@]}"
}

# add_nodes: equal parts of the memory, and the CPUs in turn.
add_nodes() {
	local part i

	[ "$numa" -gt 1 ] || return 0
	part=$(($(numfmt --from=iec "$mem") / numa))
	for ((i = 0; i < numa; i++)); do
		qemu_args+=(-object "memory-backend-ram,id=node$i,size=$part"
			-numa "node,nodeid=$i,memdev=node$i")
	done
	for ((i = 0; i < smp; i++)); do
		qemu_args+=(-numa "cpu,node-id=$((i % numa)),socket-id=$i")
	done
}

# build_qemu_args: sets qemu_args from the options of run.
build_qemu_args() {
	local append="console=ttyS0,115200 loglevel=8 log_buf_len=4M"

	append+=" panic_on_warn=1 oops=panic panic=-1 printk.devkmsg=on"
	# One VM shares two cores with everything else: a virtual CPU may well
	# not run for some seconds, which is no bug of the kernel in it.
	append+=" rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30"
	# shellcheck disable=SC2207 # several words are meant
	qemu_args=($(accel_options "$accel"))
	qemu_args+=(-smp "$smp,sockets=$smp" -m "$mem" -nodefaults -display none -no-reboot
		-kernel "$kernel_image" -initrd "$run_dir/initramfs"
		-append "$append $append_extra"
		-serial "file:$run_dir/console.log")
	add_nodes
	share root "$vm_root" readonly=on
	share src "$src" readonly=on
	share build "$build" readonly=on
	share kernel "$kernel_root" readonly=on
	share out "$out" readonly=off
	share keep "$keep" readonly=off
	if [ "$swap" != 0 ]; then
		truncate -s "$swap" "$run_dir/swap"
		qemu_args+=(-drive "file=$run_dir/swap,if=virtio,format=raw,cache=unsafe")
	fi
	if [ "$shell" ]; then
		qemu_args+=(-chardev "stdio,id=port,signal=off" -serial chardev:port)
	else
		qemu_args+=(-chardev 'stdio,id=port' -serial chardev:port)
	fi
}

# write_vm_conf: what init and guest.sh need to know.
write_vm_conf() {
	local name coverage=${GKSM_COVERAGE-}

	for name in nonce src build accel swap shell coverage slowness; do
		printf 'VM_%s=%q\n' "${name^^}" "${!name}"
	done
	for name in "${vm_env[@]}"; do
		printf 'export %s=%q\n' "${name%%=*}" "${name#*=}"
	done
}
