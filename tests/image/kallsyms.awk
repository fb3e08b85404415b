# The tables of scripts/kallsyms.c for the symbols on standard input, as assembly.  Tokens are the
# printable characters and a few words; numbers are computed by the assembler.

function label(name) { printf "\t.balign %d, 0\n%s:\n", align, name }

# Appends a code to the name that is being spelled.
function spell(code) { codes = codes ", " code; length_of_codes++ }

function emit_name(text,    i, word) {
	codes = ""; length_of_codes = 0
	for (i = 1; i <= length(text); i++) {
		for (word = 0; word < words && substr(text, i, length(token[128 + word])) != token[128 + word];)
			word++
		if (word < words) {
			spell(128 + word)
			i += length(token[128 + word]) - 1
		} else {
			spell(code_of[substr(text, i, 1)])
		}
	}
	if (length_of_codes < 128)
		printf "\t.byte %d%s\n", length_of_codes, codes
	else
		printf "\t.byte %d, %d%s\n", length_of_codes % 128 + 128, int(length_of_codes / 128), codes
}

function emit_offsets(    i) {
	label("offsets")
	for (i = 0; i < count; i++) {
		if (encoding == "place")
			printf "\t.long 0x%s - .\n", address[i]
		else if (encoding == "base")
			printf "\t.long 0x%s - 0x%s\n", address[i], base
		else if (absolute[i])
			printf "\t.long 0x%s\n", address[i]
		else
			printf "\t.long 0x%s - 1 - 0x%s\n", base, address[i]
	}
	if (encoding != "place") {
		label("base")
		printf "\t.quad 0x%s\n", base
	}
}

function emit_names(    i) {
	label("num_syms")
	printf "\t.long %d\n", count
	label("names")
	for (i = 0; i < count; i++) {
		if (i % 256 == 0)
			printf "marker%d:\n", i / 256
		emit_name(type[i] name[i])
	}
	label("markers")
	for (i = 0; i < count; i += 256)
		printf "\t.long marker%d - names\n", i / 256
	if (order) {
		label("seqs_of_names")
		printf "\t.fill %d, 1, 0x5a\n", count * order
	}
}

function emit_tokens(    i) {
	label("token_table")
	for (i = 0; i < 256; i++)
		printf "token%d:\t.asciz \"%s\"\n", i, (token[i] == "\"" || token[i] == "\\" ? "\\" : "") token[i]
	label("token_index")
	for (i = 0; i < 256; i++)
		printf "\t.short token%d - token_table\n", i
}

BEGIN {
	count = 0
	base = "ffffffff81000000"
	align = sub(/4$/, "", encoding) ? 4 : 8
	words = split("_text init_ lock_ __per_cpu", list, " ")
	for (i = 33; i < 127; i++) {
		token[i] = sprintf("%c", i)
		code_of[token[i]] = i
	}
	for (i = 0; i < words; i++)
		token[128 + i] = list[i + 1]
}

{
	address[count] = $1
	type[count] = $2
	name[count] = $3
	absolute[count] = $1 < base
	count++
}

END {
	printf "\t.text\n\t.skip 4096, 0x90\n"
	if (place == "before")
		emit_offsets()
	emit_names()
	emit_tokens()
	if (place == "after")
		emit_offsets()
	printf "\t.skip 64, 0xcc\n"
}
