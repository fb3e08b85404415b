int ask(int box);
void shut_for_good(int box, int lid, int key);

int open_chest(int box)
{
	shut_for_good(box, box + 1, box + 2);
	return ask(box);
}
