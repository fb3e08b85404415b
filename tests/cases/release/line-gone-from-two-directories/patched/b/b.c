int ask(int box);
void shut_for_good(int box, int lid, int key);

int open_chest(int box)
{
	return ask(box);
}
