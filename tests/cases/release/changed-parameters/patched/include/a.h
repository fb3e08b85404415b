int shrink(int x, int by);
