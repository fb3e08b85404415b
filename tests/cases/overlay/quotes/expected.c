char quote = '"', apostrophe = '\'', backslash = '\\';
int changed(int x)
{
	x++;
#line 4
	return x + '(';
}
int after = __LINE__;
