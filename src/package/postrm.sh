
case $1 in
remove | purge)
	rm -f "$earlier"
	rmdir /run/klatch 2>/dev/null || true
	# The lock of the boots, if it is all that is there.
	for file in "$directory"/*.ko; do
		[ -e "$file" ] || rm -rf "$directory"
	done
	;;
esac
