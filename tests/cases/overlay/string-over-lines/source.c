const char *changed(int x)
{
	x++;
	return "/* no comment \
	( \
	end";
}
int after = __LINE__;
