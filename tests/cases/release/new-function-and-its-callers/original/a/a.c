static int caller(int x)
{
	begin();
	end();
}
