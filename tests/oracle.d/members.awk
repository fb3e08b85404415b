# A source file with the new members of its structs that a livepatch keeps elsewhere, or leaves out: laid
# out as the patched file, whose code may then be compared.  Input: those members, as "+NAME"; members
# that the livepatch keeps, as "-NAME"; what diff(1) says of the original and the patched file; and the
# original.  No line is added: others keep their numbers.
function names(text, sign,    name) {
	for (name in member)
		if (member[name] == sign && text ~ ("(^|[^A-Za-z0-9_])" name "[ \t]*;"))
			return 1
	return 0
}
# Both at one place: as large as the larger, which the patched struct has alone.
function end_change() {
	if (olds != "" && news != "") {
		instead[first] = "union { " olds news "};"
		for (line = first + 1; line <= last; line++)
			instead[line] = ""
	} else if (news != "") {
		behind[first] = behind[first] news
	}
	olds = news = ""
}
FILENAME == ARGV[1] { member[substr($0, 2)] = substr($0, 1, 1); next }
FILENAME == ARGV[2] && /^[0-9]/ {
	end_change()
	split($0, half, /[acd]/)
	count = split(half[1], lines, ",")
	first = lines[1] + 0
	last = lines[count] + 0
	next
}
FILENAME == ARGV[2] && /^< / && names($0, "-") { olds = olds substr($0, 3) " "; next }
FILENAME == ARGV[2] && /^> / && names($0, "+") { news = news substr($0, 3) " "; next }
FILENAME == ARGV[2] { next }
FNR == 1 { end_change() }
{ print (FNR in instead ? instead[FNR] : $0) behind[FNR] }
