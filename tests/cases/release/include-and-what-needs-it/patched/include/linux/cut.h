int cut_it(int x);
