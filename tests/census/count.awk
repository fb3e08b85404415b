# The census of one module from what binutils print of it, by definitions of its own: all sections,
# symbols and relocations as readelf gives them, instructions as objdump does.

function number(text,    i, value, digit) {
	value = 0
	text = tolower(text)
	sub(/^0x/, "", text)
	for (i = 1; i <= length(text); i++)
		value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return value
}

# The function at a place, its cold part under the function's own name.  A list by section, sorted.
function function_at(section, offset,    low, high, middle) {
	low = 0
	high = functions[section] + 0
	while (low < high) {
		middle = int((low + high) / 2)
		if (start[section, middle] <= offset) low = middle + 1
		else high = middle
	}
	if (!low || offset >= end[section, low - 1]) return ""
	return whole[section, low - 1]
}

function object_at(section, offset,    i) {
	for (i = 0; i < objects[section]; i++)
		if (offset >= object_start[section, i] && offset < object_end[section, i])
			return object_name[section, i]
	return ""
}

function count(key, who) {
	entries[key]++
	if (who != "" && !((key, who) in seen)) {
		seen[key, who] = 1
		holders[key]++
	}
}

function by_owner(prefix, who, name, same, another, vmlinux) {
	if (name in defined) count(prefix same, who)
	else if (name in exported) count(prefix another, who)
	else count(prefix vmlinux, who)
}

function sort_functions(section,    i, j, key, n, list, parts) {
	n = functions[section]
	for (i = 0; i < n; i++)
		list[i] = sprintf("%012x %d", start[section, i], i)
	quicksort(list, 0, n - 1)
	for (i = 0; i < n; i++) {
		split(list[i], parts, " ")
		j = parts[2]
		new_start[i] = start[section, j]; new_end[i] = end[section, j]; new_name[i] = whole[section, j]
	}
	for (i = 0; i < n; i++) {
		start[section, i] = new_start[i]; end[section, i] = new_end[i]; whole[section, i] = new_name[i]
	}
}

function quicksort(list, left, right,    i, last, hold) {
	if (left >= right) return
	i = int((left + right) / 2)
	hold = list[left]; list[left] = list[i]; list[i] = hold
	last = left
	for (i = left + 1; i <= right; i++)
		if (list[i] < list[left]) {
			last++
			hold = list[last]; list[last] = list[i]; list[i] = hold
		}
	hold = list[left]; list[left] = list[last]; list[last] = hold
	quicksort(list, left, last - 1)
	quicksort(list, last + 1, right)
}

# What a relocation refers to, as readelf prints its two last columns: "symbol + addend".
function resolve(text,    parts, n, addend) {
	n = split(text, parts, " ")
	place_symbol = parts[1]
	addend = 0
	if (n == 3) addend = (parts[2] == "-" ? -1 : 1) * number(parts[3])
	if (place_symbol in section_index) {
		place_section = section_index[place_symbol]
		place_offset = addend
	} else if (place_symbol in defined) {
		place_section = defined[place_symbol]
		place_offset = value_of[place_symbol] + addend
	} else {
		place_section = ""
		place_offset = 0
	}
}

function key_name(    name) {
	if (place_section == "") return place_symbol
	name = object_at(place_section, place_offset)
	return name == "" ? place_symbol : name
}

/^@/ { mode = substr($1, 2); next }

mode == "exports" { exported[$1] = 1; exported["__tracepoint_" $1]; next }

mode == "sections" && $1 ~ /^[0-9]+$/ && $2 != "NULL" {
	section_index[$2] = $1
	name_of[$1] = $2
	flags[$1] = ($8 ~ /^[A-Za-z]+$/) ? $8 : ""
	next
}

mode == "symbols" && $1 ~ /^[0-9]+:$/ {
	if ($7 !~ /^[0-9]+$/ || $8 == "" || $4 == "SECTION") next
	if ($8 ~ /^__ksymtab_/) { kept_out[substr($8, 11)] = 1; next }
	if ($8 ~ /^__(pfx|cfi)_/ || flags[$7] !~ /A/) next
	defined[$8] = $7
	value_of[$8] = number($2)
	size = ($3 ~ /^0x/) ? number($3) : $3
	if (!size) next
	if ($4 == "FUNC" || $4 == "OBJECT") counted[$8] = 1
	if ($4 == "FUNC" && flags[$7] ~ /X/) {
		base = $8
		sub(/\.cold(\.[0-9]+)?$/, "", base)
		# An alias is the function that has its place already.
		if (($7, value_of[$8]) in at_place && base == $8) next
		at_place[$7, value_of[$8]] = 1
		i = functions[$7]++
		start[$7, i] = value_of[$8]
		end[$7, i] = value_of[$8] + size
		# A function is its name and its place; a cold part is that of the last of its name.
		place = sprintf("%06d %016x", $7, value_of[$8])
		whole[$7, i] = base " " place
		cold[$7, i] = base != $8
		if (base == $8 && place > last[base]) last[base] = place
	} else if ($4 == "OBJECT") {
		i = objects[$7]++
		object_start[$7, i] = value_of[$8]
		object_end[$7, i] = value_of[$8] + size
		object_name[$7, i] = $8
	}
	next
}

mode == "relocs" && !sorted {
	for (s in functions) {
		for (i = 0; i < functions[s]; i++) {
			bare = whole[s, i]
			sub(/ .*/, "", bare)
			if (cold[s, i] && bare in last) whole[s, i] = bare " " last[bare]
			all[whole[s, i]] = 1
		}
		sort_functions(s)
	}
	sorted = 1
}

mode == "relocs" && /^Relocation section/ {
	table = $3
	gsub(/'\.rela|'/, "", table)
	next
}

mode == "relocs" && $1 ~ /^[0-9a-f]+$/ && NF >= 5 {
	at = number($1)
	text = $5 " " $6 " " $7
	if (table == ".altinstr_replacement") { replacement[at] = $5; next }
	if (table == "__jump_table" && at % 16 == 0) { resolve(text); jump_owner[at] = function_at(place_section, place_offset); count("jump_label", jump_owner[at]) }
	if (table == "__jump_table" && at % 16 == 8) { jump_key[at - 8] = text }
	if (table == ".static_call_sites" && at % 8 == 0) { resolve(text); call_owner[at] = function_at(place_section, place_offset); count("static_call", call_owner[at]) }
	if (table == ".static_call_sites" && at % 8 == 4) { call_key[at - 4] = text }
	if (table == ".altinstructions" && at % alternative == 0) { resolve(text); alternative_owner[at] = function_at(place_section, place_offset); count("alternative", alternative_owner[at]) }
	if (table == "__bug_table" && at % bug == 0) { resolve(text); count("bug", function_at(place_section, place_offset)) }
	if (table == "__ex_table" && at % 12 == 0) { resolve(text); count("exception_table", function_at(place_section, place_offset)) }
	if (table == ".parainstructions" && at % 16 == 0) { resolve(text); count("paravirt", function_at(place_section, place_offset)) }
	if (table == ".smp_locks") { resolve(text); count("smp_lock", function_at(place_section, place_offset)) }
	if (table == ".retpoline_sites") { resolve(text); count("retpoline_site", function_at(place_section, place_offset)) }
	if (table == ".return_sites") { resolve(text); count("return_site", function_at(place_section, place_offset)) }
	if (table == ".call_sites") { resolve(text); count("call_site", function_at(place_section, place_offset)) }
	if (table == ".ibt_endbr_seal") { resolve(text); count("endbr_seal", function_at(place_section, place_offset)) }
	if (table == "__mcount_loc") { resolve(text); count("mcount", function_at(place_section, place_offset)) }
	next
}

# A reference from code: an instruction, its relocation, and the next instruction, which says where
# the first ended.
mode == "code" && /^Disassembly of section/ {
	settle(pending ? reloc_at[pending] + 4 : 0)
	code = $4
	sub(/:$/, "", code)
	next
}
mode == "code" && code !~ /^\.altinstr/ && $1 ~ /^[0-9a-f]+:$/ {
	here = number(substr($1, 1, length($1) - 1))
	if ($2 ~ /^R_X86_64_/) {
		pending++
		reloc_at[pending] = here; reloc_type[pending] = $2; reloc_text[pending] = $3
		next
	}
	settle(here)
}

function settle(next_instruction,    i, name, addend, sign, target, who, p, q) {
	for (i = 1; i <= pending; i++) {
		name = reloc_text[i]
		addend = 0
		if (match(name, /[-+]0x[0-9a-f]+$/)) {
			addend = number(substr(name, RSTART + 1)) * (substr(name, RSTART, 1) == "-" ? -1 : 1)
			name = substr(name, 1, RSTART - 1)
		}
		if (name in section_index) {
			p = section_index[name]
			q = addend
			if (reloc_type[i] ~ /P(C|LT)32/) q += next_instruction - reloc_at[i]
			target = function_at(p, q)
			if (target == "") target = object_at(p, q)
		} else if (name in defined) {
			p = defined[name]
			q = value_of[name]
			target = function_at(p, q)
			if (target == "" && name in counted) target = name
		} else continue
		if (target == "") continue
		bare = target
		sub(/ .*/, "", bare)
		if (bare in kept_out) continue
		who = function_at(section_index[code], reloc_at[i])
		if (who == "" || who == target || ((who, target, p) in referred)) continue
		referred[who, target, p] = 1
		count("late_reference", who)
	}
	pending = 0
}

END {
	settle(pending ? reloc_at[pending] + 4 : 0)
	for (at in jump_key) {
		resolve(jump_key[at])
		place_offset -= place_offset % 4
		name = key_name()
		if (name_of[place_section] == "__dyndbg") count("jump_label_dynamic_debug", jump_owner[at])
		else if (name ~ /^__tracepoint_/) count("jump_label_tracepoint", jump_owner[at])
		else count("jump_label_key", jump_owner[at])
		if (place_section != "") count("jump_label_owned_by_same_module", jump_owner[at])
		else if (name in exported) count("jump_label_owned_by_another", jump_owner[at])
		else count("jump_label_owned_by_vmlinux", jump_owner[at])
	}
	for (at in call_key) {
		resolve(call_key[at])
		place_offset -= place_offset % 4
		name = key_name()
		if (name ~ /^__SC[KT]__tp_func_/) count("static_call_tracepoint", call_owner[at])
		else count("static_call_other", call_owner[at])
		if (place_section != "") count("static_call_owned_by_same_module", call_owner[at])
		else if (name in exported) count("static_call_owned_by_another", call_owner[at])
		else count("static_call_owned_by_vmlinux", call_owner[at])
	}
	for (name in all) {
		if (!(("mcount", name) in seen)) count("not_traceable", name)
		total++
	}
	print "functions", total + 0, total + 0
	keys = "jump_label jump_label_dynamic_debug jump_label_tracepoint jump_label_key " \
		"jump_label_owned_by_vmlinux jump_label_owned_by_same_module jump_label_owned_by_another " \
		"static_call static_call_tracepoint static_call_other static_call_owned_by_vmlinux " \
		"static_call_owned_by_same_module static_call_owned_by_another alternative bug " \
		"exception_table paravirt smp_lock retpoline_site return_site call_site endbr_seal mcount " \
		"late_reference not_traceable"
	n = split(keys, list, " ")
	for (i = 1; i <= n; i++)
		print list[i], entries[list[i]] + 0, holders[list[i]] + 0
}
