
unload() {
	! is_loaded "$1" || klatch unload "$1" || {
		cat >&2 <<END
klatch: $package is not removed: $1 can't be unloaded, for the reason above.
        klatch status $1 shows it. If tasks are in the way: klatch unload --signal $1,
        and remove the package again.
END
		exit 1
	}
}

unload_all() {
	reversed=
	for name in $livepatches $(earlier_that is_loaded | cut -d ' ' -f 1); do
		reversed="$name $reversed"
	done
	for name in $reversed; do unload "$name"; done
}

# The version that comes unloads them when it is loaded itself.
remember() {
	mkdir -p "${earlier%/*}"
	for name in $livepatches; do
		! is_loaded "$name" || grep -qs "^$name " "$earlier" ||
			echo "$name $(checksum "$name")" >>"$earlier"
	done
}

case $1 in
remove)
	if ! command -v klatch >/dev/null; then
		echo "klatch: $package: klatch is gone, what is loaded stays until the next boot" >&2
		exit 0
	fi
	if is_live; then unload_all; fi
	for name in $livepatches; do
		[ ! -e "$directory/$name.ko" ] || klatch remove -k "$release" "$name"
	done
	;;
upgrade)
	if is_live; then remember; fi
	;;
esac
