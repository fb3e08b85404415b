# Judges what the tests said: beside livepatches of klatch none may do worse than alone and beside a
# plain one.  First the list of all tests, "SCRIPT<tab>TEST"; then what the guests said: alone/report,
# plain/report and klatch/report, or only the last.  Prints TAP, and what each said of a test that is not ok
# everywhere.  A test of our own, whose name matches OWN, must be ok.  Fails if a test was not ok beside
# klatch's and there is nothing to compare that with.

function rank(how, test) {
	if (!(how in ran) || said[how, test] ~ /^ok/)
		return 2
	return said[how, test] ~ /^SKIP/ ? 1 : 0
}

function short(how, test) {
	return rank(how, test) == 2 ? "ok" : rank(how, test) == 1 ? "skipped" : \
		(how, test) in reached ? "failed" : "not reached"
}

{
	sub(/\r$/, "")
}

FILENAME ~ /list$/ {
	tests[++count] = $0
	next
}

FNR == 1 {
	depth = split(FILENAME, parts, "/")
	how = parts[depth - 1]
	ran[how]
}

/^# / {
	script = $2
	test = ""
}

/^TEST: / {
	sub(/^TEST: /, "")
	test = script "\t" substr($0, 1, index($0, " ... ") - 1)
	$0 = substr($0, index($0, " ... ") + 5)
	reached[how, test]
}

# The first words after the name are the result.
test != "" && said[how, test] == "" && NF {
	said[how, test] = $0
}

END {
	hows = split("alone plain klatch", order)
	for (i = 1; i <= count; i++) {
		test = tests[i]
		line = text = ""
		worse = alike = 0
		for (j = 1; j <= hows; j++) {
			how = order[j]
			if (!(how in ran))
				continue
			line = line ", " how " " short(how, test)
			if ((how, test) in reached && said[how, test] != "ok")
				text = text "#   " how ": " said[how, test] "\n"
			worse += rank("klatch", test) < rank(how, test)
		}
		# One of the two others does as badly: then it is not for what klatch does.
		missed = rank("klatch", test) < 2
		bad = worse == 2 || missed && (!("alone" in ran) || test ~ OWN)
		name = test
		sub(/\t/, ": ", name)
		printf "%sok - %s:%s\n%s", bad ? "not " : "", name, substr(line, 2), text
		undecided += missed && !("alone" in ran)
	}
	print "1.." count
	exit undecided > 0
}
