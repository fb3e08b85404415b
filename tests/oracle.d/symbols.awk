# What a compiler's assembly output defines, by symbol, in a form that is the same for the same code:
# local labels numbered anew in each function, strings and the compiler's own variables by what is
# in them.  Writes NAME TAB KIND TAB FLAGS TAB TEXT, a line a symbol; lines of the text end in \001.
# KIND is function or data; FLAGS has i for what is gone after init, x for what other units can name, and
# s for what has an fentry site.
#
# Two variables of one name and content (__already_done.3 and __already_done.5) look the same.

# Numbers that the compiler or __COUNTER__ makes, which change with whatever stands before.
function plain(name) {
	gsub(/__UNIQUE_ID_[A-Za-z_]*[0-9]+/, "&#", name)
	gsub(/[0-9]+#/, "#", name)
	if (name ~ /\.[0-9]+$/ && name !~ /\.(isra|constprop|part|localalias)\.[0-9]+$/)
		sub(/\.[0-9]+$/, ".#", name)
	return name
}

# A name as a reference says it: with what is in it, if the name alone does not tell.
function meant(name,   known) {
	if (name ~ /^\.L/) {
		if (name in content)
			return "<" content[name] ">"
		if (!(name in label))
			label[name] = ".l" ++labels
		return label[name]
	}
	known = plain(name)
	return known != name && name in content && depth ? known "<" content[name] ">" : known
}

function normal(line,   out, name) {
	out = ""
	while (match(line, /[A-Za-z_.][A-Za-z0-9_.]*/)) {
		name = substr(line, RSTART, RLENGTH)
		out = out substr(line, 1, RSTART - 1) \
			(name ~ /^\.L/ || name ~ /\.[0-9]+$/ || name ~ /^__UNIQUE_ID_/ ? meant(name) : name)
		line = substr(line, RSTART + RLENGTH)
	}
	return out line
}

# A line as it is kept; strings are no names.
function kept(line) {
	if (line ~ /^[ \t]*\.(string|ascii|asciz)/)
		return line
	return line ~ /\.L|\.[0-9]|__UNIQUE_ID_/ ? normal(line) : line
}

function is_init(section) {
	return section ~ /^\.(init|exit)\./ || section ~ /^\.discard/
}

function is_data(line) {
	return line ~ /^[ \t]*\.(byte|value|short|word|long|int|quad|octa|zero|skip|string|ascii|asciz)[ \t]/
}

function finish() {
	if (kind[current] == "data")
		text = at "\001" text
	printf "%s\t%s\t%s\t%s\n", kind[current] == "data" ? plain(current) : current, kind[current], flags, text
	current = ""
}

# Where the lines that follow go.
function track_section(   name) {
	if ($1 == ".section" || $1 == ".pushsection") {
		name = $2
		sub(/,.*/, "", name)
		if ($1 == ".pushsection")
			pushed[++depth_of_sections] = section
		section = name
	} else if ($1 == ".popsection") {
		section = pushed[depth_of_sections--]
	} else if ($1 == ".text" || $1 == ".data" || $1 == ".bss") {
		section = $1
	}
}

/^[ \t]*#/ { next } # the place in the source that inline assembly is of

{
	gsub(/\t/, " ")
	lines[++count] = $0
}

END {
	# What is in anonymous constants and in the compiler's variables.
	depth = 0
	name = ""
	for (i = 1; i <= count; i++) {
		line = lines[i]
		if (match(line, /^[A-Za-z_.][A-Za-z0-9_.]*:/)) {
			name = substr(line, 1, RLENGTH - 1)
			if (name ~ /^\.LC/ || (name in is_object && plain(name) != name))
				content[name] = ""
			else
				name = ""
		} else if (line ~ /^[ \t]*\.type[ \t].*@object/) {
			split(line, part, /[ \t,]+/)
			is_object[part[3]] = 1
		} else if (!is_data(line)) {
			name = ""
		} else if (name != "") {
			content[name] = content[name] line
		}
	}
	for (name in content)
		content[name] = kept(content[name])

	depth = 1
	current = ""
	for (i = 1; i <= count; i++) {
		line = lines[i]
		$0 = line
		track_section()
		if ($1 == ".type" && $2 ~ /,$/) {
			name = $2
			sub(/,$/, "", name)
			kind[name] = $3 ~ /function/ ? "function" : "data"
		}
		if ($1 == ".globl")
			is_global[$2] = 1
		# A function ends with its size, which a variable begins with.
		if (current != "" && (kind[current] == "data" ? !is_data(line) : $1 == ".size" && $2 == current ","))
			finish()
		if (current == "" && match(line, /^[A-Za-z_.][A-Za-z0-9_.]*:/) &&
		    substr(line, 1, RLENGTH - 1) in kind) {
			current = substr(line, 1, RLENGTH - 1)
			split("", label)
			labels = 0
			text = ""
			flags = (is_init(section) ? "i" : "") (current in is_global ? "x" : "")
			at = section
			continue
		}
		if ($1 == ".comm" || $1 == ".set") {
			split($2, part, ",")
			printf "%s\tdata\t\t%s\n", plain(part[1]), \
				$1 == ".set" ? kept(part[2]) : ".bss\001 .zero " part[2] "\001"
		}
		if (current == "")
			continue
		if (line ~ /call[ \t]+__fentry__/)
			flags = flags "s"
		text = text kept(line) "\001"
	}
	if (current != "")
		finish()
}
