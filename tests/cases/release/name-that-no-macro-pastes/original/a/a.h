int box_get_lid(int x);
