
# Of this name another build is loaded, which an earlier version brought.
is_other_build() {
	is_ours "$1" && is_loaded "$1" && [ "$2" != "$(checksum "$1")" ]
}

load() {
	if earlier_that is_other_build | grep -q "^$1 "; then
		echo "klatch: $1: the build of it that an earlier version of this package brought is loaded" >&2
		return 1
	fi
	is_loaded "$1" || klatch load "$directory/$1.ko"
}

load_all() {
	for name in $livepatches; do
		load "$name" && continue
		cat >&2 <<END
klatch: $package is installed, but the kernel that runs is as it was, for the reason above.
        The next boot loads $name. To have it sooner: klatch check --host $directory/$name.ko
        says what is in the way; klatch load $directory/$name.ko tries again;
        if one of its name is loaded, klatch unload $name first.
END
		return 1
	done
}

# This version has taken the place of an earlier one, or stands beside it: that can go.
unload_earlier() {
	earlier_that true | while read -r name sum; do
		is_ours "$name" || ! is_loaded "$name" || klatch unload "$name" ||
			echo "klatch: $name, of an earlier version of $package, stays loaded" >&2
	done
}

is_left() {
	is_loaded "$1" && { ! is_ours "$1" || is_other_build "$1" "$2"; }
}

forget_earlier() {
	left=$(earlier_that is_left)
	if [ -n "$left" ]; then
		echo "$left" >"$earlier"
	else
		rm -f "$earlier"
	fi
}

case $1 in
configure | abort-*)
	for name in $livepatches; do
		klatch install "$directory/$name.ko"
	done
	if ! is_live; then
		echo "klatch: $package: a boot of Linux $release loads it"
	elif grep -qw klatch.disable /proc/cmdline; then
		echo "klatch: $package: klatch.disable is on the kernel's command line: nothing is loaded"
	else
		# A livepatch that can't be loaded is no reason to keep the machine from other updates.
		if load_all; then unload_earlier; fi
		forget_earlier
	fi
	;;
esac
