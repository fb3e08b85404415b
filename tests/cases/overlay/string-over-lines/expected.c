const char *changed(int x)
{
#line 4
	return "/* no comment \
	( \
	end";
}
int after = __LINE__;
