# A patched file whose lines are numbered as the original's: lines.awk DIFF FILE, the difference in
# diff's normal form.  A #line stands after each change, but not within a comment or a macro.
NR == FNR {
	if ($0 !~ /^[0-9]/)
		next
	split($0, side, /[acd]/)
	olds = split(side[1], old, ",")
	news = split(side[2], new, ",")
	number[new[news] + 1] = old[olds] + 1
	next
}
{
	if (FNR in number) {
		shift = number[FNR] - FNR
		due = 1
	}
	if (due && !comment && !continued) {
		print "#line " FNR + shift
		due = 0
	}
	print
	continued = /\\$/
	line = $0
	while (match(line, comment ? "\\*/" : "/\\*")) {
		comment = !comment
		line = substr(line, RSTART + 2)
	}
}
