directory=/lib/modules/$release/klatch
# What may be loaded of earlier versions: a name and the checksum of the file in each line.
earlier=/run/klatch/$package

# Whether this is the machine that the kernel runs, and no container, nor a directory that is to
# become the root of another one.
is_live() {
	[ "$(uname -r)" = "$release" ] && [ -d /sys/kernel/livepatch ] && ! ischroot &&
		! systemd-detect-virt --container --quiet 2>/dev/null
}

# One that was disabled and stays in memory is not.
is_loaded() {
	[ -d "/sys/module/$1" ] &&
		{ [ -d "/sys/kernel/livepatch/$1" ] || [ ! -e "/sys/module/$1/notes/.note.klatch.kept" ]; }
}

checksum() {
	sha256sum <"$directory/$1.ko"
}

# Prints each line of $earlier for which a command succeeds.
earlier_that() {
	[ -e "$earlier" ] || return 0
	while read -r name sum; do
		if "$@" "$name" "$sum"; then echo "$name $sum"; fi
	done <"$earlier"
}

is_ours() {
	case " $livepatches " in *" $1 "*) true ;; *) false ;; esac
}
