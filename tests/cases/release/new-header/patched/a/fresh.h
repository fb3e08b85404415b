extern int fresh;
