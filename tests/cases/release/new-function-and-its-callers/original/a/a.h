int old_one(void);
