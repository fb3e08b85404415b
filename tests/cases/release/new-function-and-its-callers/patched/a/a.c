static int caller(int x)
{
	begin();
	new_one();
	end();
}
