# What tests/oracle and tests/sample share: units compiled with the kernel's own commands to assembly,
# before and after, and what of the difference a livepatch must replace.  To be sourced.
#
# Asks for $here (tests), $out, $work, $kernel, $source, $version, $livepatch, $LIMIT, a mount namespace;
# and in $work
#
#   files      the source files that are patched
#   patched/   those files as they are then
#   replaced   what the livepatch replaces: OBJECT TAB FUNCTION
#   members    of structs, that the livepatch has not in them (+NAME) or keeps (-NAME), if there are any
#   names      what units that only include one of the files speak of, if they have to do with it

# The files that include one of the named ones, directly or not, by the last part of what each
# #include names: more than really do, never fewer.
includers() {
	awk -F"\t" '
	function base(path) { sub(/.*\//, "", path); return path }
	function ends(path, tail) {
		while (sub(/^\.\.?\//, "", tail)) ;
		return path == tail || substr(path, length(path) - length(tail)) == "/" tail
	}
	NR == FNR { queue[++last] = $1; seen[$1] = 1; next }
	{ b = base($2); n = ++edges[b]; from[b, n] = $1; to[b, n] = $2 }
	END {
		for (i = 1; i <= last; i++) {
			b = base(queue[i])
			for (j = 1; j <= edges[b]; j++)
				if (!(from[b, j] in seen) && ends(queue[i], to[b, j])) {
					seen[from[b, j]] = 1
					queue[++last] = from[b, j]
				}
		}
		for (file in seen) if (file ~ /\.c$/) print file
	}' "$1" "$2"
}

# All #include of a source tree: FILE TAB WHAT.
include_list() {
	[ -s "$out/includes-$2" ] || {
		(cd "$1" && grep -rE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' .) |
			sed -E 's/^\.\/([^:]*):[^"<]*["<]([^">]*).*/\1\t\2/' >"$out/includes-$2.new"
		mv "$out/includes-$2.new" "$out/includes-$2"
	}
	cat "$out/includes-$2"
}

# The units of source files: OUTPUT TAB SOURCE TAB OBJECT TAB COMMAND.
units_of() {
	awk -F"\t" '
	NR == FNR { wanted[$1] = 1; next }
	$1 == "compile" { command[commands++] = $2 }
	$1 == "unit" && $4 != "" && $3 ~ /\.c$/ && $3 in wanted {
		print $2 "\t" $3 "\t" $4 "\t" command[$5] " " $6
	}' "$1" "$2"
}

# Compiles a unit to a list of its symbols.
symbols_of() {
	(cd "$kernel/build" && eval "$1 -g0 -S -MD -MF $2.d -o $2.s") 2>"$2.err" &&
		awk -f "$here/oracle.d/symbols.awk" "$2.s" >"$2"
}

# Whether a unit includes a file that the patch touches, by what the compiler says.
includes_touched() {
	tr ' ' '\n' <"$1" | sed -e ':a' -e 's|[^/.]*/\.\./||' -e ta -e "s|^$source/||" | grep -qxFf "$work/files"
}

# What a patch has to do with, for choose_units(): what is called in its lines.
called_in() {
	grep '^[-+@]' "$1" | grep -oE '\w+\(' | tr -d '(' | grep -vxE 'if|for|while|switch|return|sizeof|likely|unlikely'
}

# Which units to look at, into $work/units.
choose_units() {
	units_of "$work/files" "$kernel/commands" >"$work/units"
	cut -f2 "$work/units" | grep -vxFf - "$work/files" >"$work/headers" || return 0
	include_list "$source" "$version" >"$work/includes"
	includers "$work/headers" "$work/includes" | sort | grep -vxFf "$work/files" >"$work/including"
	units_of "$work/including" "$kernel/commands" >"$work/others"
	if [ "$(wc -l <"$work/others")" -gt "$LIMIT" ]; then
		seq 100000 >"$work/chance" # the same every time
		cut -f2 "$work/replaced" | sed 's/\..*//' >"$work/own"
		: >"$work/chosen"
		for list in own names; do
			cut -f2 "$work/others" | sort -u |
				(cd "$source" && xargs grep -lwFf "$work/$list") >"$work/naming"
			awk -F"\t" 'NR == FNR { wanted[$1] = 1; next } $2 in wanted' "$work/naming" "$work/others" |
				shuf -n "$LIMIT" --random-source="$work/chance" >>"$work/chosen"
		done
		shuf -n "$LIMIT" --random-source="$work/chance" "$work/others" >>"$work/chosen"
		echo "sampled $(wc -l <"$work/others")" >"$work/sampled"
		sort -u "$work/chosen" >"$work/others"
	fi
	cat "$work/others" >>"$work/units"
}

# Compiles every unit into $work/$1/NUMBER; of those that are only thought to include a header, those
# that do.
compile_units() {
	number=0
	mkdir -p "$work/$1"
	while IFS=$tab read -r output path object command; do
		number=$((number + 1))
		result=$work/$1/$number
		[ "$1" = original ] || [ -s "$work/original/$number" ] || continue
		[ "$1" != numbered ] || grep -q "^$number$tab" "$work/differences" || continue
		symbols_of "$command" "$result" || {
			sed 's/^/    /' "$result.err" >&2
			echo "$id: $output does not compile ($1)" >&2
			return 1
		}
		[ "$1" != original ] || includes_touched "$result.d" || : >"$result"
		rm -f "$result.s" "$result.d" "$result.err"
	done <"$work/units"
}

# What is different in each unit: NUMBER TAB OBJECT TAB NAME TAB KIND TAB FLAGS.
differences() {
	number=0
	while IFS=$tab read -r output path object command; do
		number=$((number + 1))
		[ -s "$work/$1/$number" ] || continue
		awk -f "$here/oracle.d/compare.awk" "$work/original/$number" "$work/$1/$number" |
			sed "s|^|$number$tab$object$tab|"
	done <"$work/units"
}

# The names of functions or data ($3) of unit $1 that refer to $2, other than in a string.
referring() {
	awk -F"\t" -v name="$2" -v kind="$3" '$2 == kind && $1 != name {
		text = $4
		gsub(/"([^"\\]|\\.)*"/, "", text)
		while ((at = index(text, name))) {
			before = at > 1 ? substr(text, at - 1, 1) : " "
			after = substr(text, at + length(name), 1)
			if (before !~ /[A-Za-z0-9_.$]/ && after !~ /[A-Za-z0-9_.$]/) { print $1; break }
			text = substr(text, at + length(name))
		}
	}' "$1"
}

# Whether all that refer to a function are replaced, are gone, have run already, or have no fentry site
# and all that refer to them are so ($4: so many of these at most).
all_replaced() (
	deep=${4:-5}
	for user in $(referring "$work/original/$1" "$3" function); do
		grep -qxF "$2$tab$user" "$work/replaced" ||
			grep -q "^$user${tab}function${tab}i" "$work/original/$1" ||
			! grep -q "^$user$tab" "$work/patched/$1" ||
			{ [ "$deep" -gt 0 ] && ! grep -q "^$user${tab}function$tab[a-z]*[sx]" "$work/original/$1" &&
				all_replaced "$1" "$2" "$user" $((deep - 1)); } || exit 1
	done
)

# The units of vmlinux whose source names a function: OUTPUT TAB SOURCE TAB OBJECT TAB COMMAND.
naming() {
	awk -F"\t" '$1 == "unit" && $4 == "vmlinux" { print $3 }' "$kernel/commands" | sort -u |
		(cd "$source" && xargs grep -lwF "$1" 2>/dev/null) >"$work/naming"
	units_of "$work/naming" "$kernel/commands" | awk -F"\t" '$3 == "vmlinux"'
}

# Whether a function of a unit of vmlinux, whose symbols are in $1, is replaced, has run already, or has
# no fentry site and all that refer to it are so.
covered() (
	flags=$(awk -F"\t" -v name="$2" '$1 == name && $2 == "function" { print $3 "."; exit }' "$1")
	grep -qxF "vmlinux$tab$2" "$work/replaced" && exit
	case $flags in i*) exit 0 ;; *s*) exit 1 ;; esac
	all_covered "$1" "$2" || exit 1
	case $flags in *x*) all_covered_elsewhere "$2" ;; esac
)

all_covered() {
	for user in $(referring "$1" "$2" function); do
		covered "$1" "$user" || return 1
	done
}

# The same of other units.
all_covered_elsewhere() (
	! grep -qxF "$1" "$work/asked" 2>/dev/null || exit 0
	echo "$1" >>"$work/asked"
	directory=$work/elsewhere-$1
	mkdir -p "$directory"
	naming "$1" >"$directory/units"
	while IFS=$tab read -r output path object command; do
		symbols_of "$command" "$directory/unit" && all_covered "$directory/unit" "$1" || exit 1
	done <"$directory/units"
)

# Whether the livepatch has a table of its own, which all use that used the original's.
is_own() {
	nm "$livepatch" | grep -qE " r ${3%.#}(\.[0-9]+)?\$" && all_replaced "$1" "$2" "$3" || return 1
	for table in $(referring "$work/original/$1" "$3" data); do
		(is_own "$1" "$2" "$table") || return 1
	done
}

judge() {
	while IFS=$tab read -r number object name kind flags; do
		output=$(sed -n "${number}p" "$work/units" | cut -f1)
		line="$number$tab$object$tab$name$tab$kind"
		if grep -qxF "$object$tab$name" "$work/replaced"; then
			verdict=replaced
		elif ! grep -qF "$line" "$work/numbered.differences"; then
			verdict=line
		elif [ "$flags" = g ] && all_replaced "$number" "$object" "$name"; then
			verdict=gone
		elif [ "$kind" = function ] && [ "${flags#*s}" = "$flags" ] && all_replaced "$number" "$object" "$name" &&
			{ [ "${flags#*x}" = "$flags" ] || all_covered_elsewhere "$name"; }; then
			verdict="no site"
		elif [ "$kind" = data ] && is_own "$number" "$object" "$name"; then
			verdict=own
		else
			verdict=MISSING
		fi
		printf '%s\t%s\t%s\t%s\t%s\n' "$output" "$object" "$name" "$kind" "$verdict"
	done <"$work/differences"
}

# The source as the files below a directory make it.
mount_over_source() {
	rm -rf "$work/overlay" && mkdir "$work/overlay" &&
		mount -t overlay overlay -o "lowerdir=$source,upperdir=$1,workdir=$work/overlay" "$source"
}

# Writes what is different in the chosen units, and what that must be to the livepatch:
# OUTPUT TAB OBJECT TAB NAME TAB KIND TAB VERDICT.
judge_units() {
	mkdir "$work/laid-out"
	while read -r file; do
		[ -s "$work/members" ] && [ -e "$source/$file" ] && [ -e "$work/patched/$file" ] || continue
		mkdir -p "$work/laid-out/${file%/*}"
		diff "$source/$file" "$work/patched/$file" >"$work/changes"
		awk -f "$here/oracle.d/members.awk" "$work/members" "$work/changes" "$source/$file" \
			>"$work/laid-out/$file"
	done <"$work/files"
	mount_over_source "$work/laid-out" && compile_units original || return 1
	umount "$source"
	cp -r "$work/patched" "$work/upper"
	cp -r "$work/patched" "$work/same-lines"
	while read -r file; do
		[ -e "$source/$file" ] && [ -e "$work/patched/$file" ] || continue
		diff "$source/$file" "$work/patched/$file" |
			awk -f "$here/oracle.d/lines.awk" - "$work/patched/$file" >"$work/same-lines/$file"
	done <"$work/files"
	mount_over_source "$work/upper" && compile_units patched || return 1
	umount "$source"
	differences patched >"$work/differences"
	mount_over_source "$work/same-lines" && compile_units numbered || return 1
	umount "$source"
	differences numbered >"$work/numbered.differences"
	judge
}
