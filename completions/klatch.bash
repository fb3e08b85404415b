# Completion of klatch for bash.  What there is to complete is read out of klatch's own --help.

_klatch_help() {
	LC_ALL=C klatch "$@" --help 2>/dev/null
}

# The verbs of a command that has some: "add [RELEASE] | list | rm RELEASE".
_klatch_verbs() {
	_klatch_help | sed -n "s/^  klatch $1 *\([a-z].*| [a-z].*\)/| \1/p" | grep -o '| [a-z]\+' | cut -c 3-
}

# _klatch_kind OPTION COMMAND...: what its help calls the value of an option, and the help.
_klatch_kind() {
	local option=$1
	shift
	_klatch_help "$@" | awk -v option="$option" '{
		short = $1 ~ /,$/ ? $1 : ""
		split(short ? $2 : $1, part, "=")
		if (part[2] && (option == part[1] || option "," == short))
			print part[2] " " $0
	}'
}

# _klatch_values KIND COMMAND: what can be one.
_klatch_values() {
	case $1 in
	RELEASE)
		case $2 in
		add) ls /lib/modules ;;
		remove) ls -d /lib/modules/*/klatch | cut -d / -f 4 ;;
		*) LC_ALL=C klatch kernel list | sed -n 's/^image only: //; s/^\([0-9][^ ]*\) .*/\1/p' ;;
		esac
		;;
	NAME)
		case $2 in
		remove) ls /lib/modules/*/klatch | sed -n 's/\.ko$//p' ;;
		load | unload | status | log) ls /sys/kernel/livepatch ;;
		esac
		;;
	POLICY | ACTION) # the help lists them behind the last colon
		_klatch_kind "$([ "$1" = POLICY ] && echo --late || echo --mismatch)" build |
			sed 's/.*: //; s/([^)]*)//g; s/[, ]\+/\n/g'
		;;
	esac 2>/dev/null
}

# _klatch_files WORD [PATTERN...]: files that match one, and directories.
_klatch_files() {
	local word=$1 pattern
	shift
	compopt -o filenames
	mapfile -t COMPREPLY < <(
		for pattern; do compgen -f -X "!$pattern" -- "$word"; done
		compgen -d -- "$word"
	)
}

# _klatch_reply KIND COMMAND WORD
_klatch_reply() {
	case $1 in
	*LIVEPATCH.ko*) _klatch_files "$3" '*.ko' ;;
	*ORIGINAL.o*) _klatch_files "$3" '*.o' ;;
	*PATCH*) _klatch_files "$3" '*.patch' '*.diff' ;;
	DIR*) _klatch_files "$3" ;;
	*FILE* | *SCENARIO* | *SET*) compopt -o default ;;
	*NAME*) mapfile -t COMPREPLY < <(compgen -W "$(_klatch_values NAME "$2")" -- "$3") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(_klatch_values "$1" "$2")" -- "$3") ;;
	esac
}

_klatch() {
	local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} kind=
	local command=("${COMP_WORDS[1]}") verbs

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "--help --version $(_klatch_help |
			sed -n 's/^  klatch \([a-z]*\) .*/\1/p')" -- "$word")
		return
	fi
	verbs=$(_klatch_verbs "$command")
	if [[ $verbs && COMP_CWORD -eq 2 && $word != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
		return
	fi
	[[ $command == lab ]] && command+=("${COMP_WORDS[2]}")
	# bash takes --kernel=6.1 apart at the '='.
	if [[ $word == '=' ]]; then
		word=
	elif [[ $option == '=' ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	[[ $option == -* ]] && kind=$(_klatch_kind "$option" "${command[@]}")
	if [[ $kind ]]; then
		_klatch_reply "${kind%% *}" "$command" "$word"
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_klatch_help "${command[@]}" |
			sed -n 's/^  \(-[a-z], \)\?\(--[a-z-]*=\?\).*/\2/p')" -- "$word")
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
	elif [[ $verbs && $command != lab ]]; then
		_klatch_reply RELEASE "${COMP_WORDS[2]}" "$word"
	else
		_klatch_reply "$(_klatch_help "${command[@]}" | sed -n '2s/.*\[OPTION[^]]*\] *//p')" "$command" "$word"
	fi
}

complete -F _klatch klatch
