int shrink(int x);
