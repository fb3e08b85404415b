# Two lists of symbols (symbols.awk) of one unit: what is in both and is not the same, and functions
# that are gone (flag g).  Writes NAME TAB KIND TAB FLAGS (else of the original).  Of several of one name any may be the same.
BEGIN { FS = "\t" }
NR == FNR { if (!($1 in kind)) names[++count] = $1; kind[$1] = $2; flags[$1] = $3; original[$1, ++had[$1]] = $4; next }
{ patched[$1, ++has[$1]] = $4 }
END {
	for (i = 1; i <= count; i++) {
		name = names[i]
		if (!has[name]) {
			if (kind[name] == "function" && flags[name] !~ /i/)
				printf "%s\t%s\tg\n", name, kind[name]
			continue
		}
		same = has[name] >= had[name]
		for (j = 1; same && j <= had[name]; j++) {
			found = 0
			for (k = 1; !found && k <= has[name]; k++)
				found = original[name, j] == patched[name, k]
			same = found
		}
		if (!same)
			printf "%s\t%s\t%s\n", name, kind[name], flags[name]
	}
}
