int old_one(void);
int new_one(void);
