struct one one = {
	.count = 1,
	.list_lock = __SPIN_LOCK_UNLOCKED(one.list_lock),
};
