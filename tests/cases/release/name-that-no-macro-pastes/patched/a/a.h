int box_get_lid(int x);
int box_open_lid(int x);
