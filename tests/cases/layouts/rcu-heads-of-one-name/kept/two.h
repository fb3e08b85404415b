struct two {
	int count;
};
static inline struct rcu_head *klatch_find_two_rcu(const struct two *object)
{
	void *klatch_shadow(const void *, unsigned long, unsigned int);
	return klatch_shadow(object, 0x67b9922ca50a0b3dUL, 6);
}
static inline struct two *klatch_own_two_rcu(const struct rcu_head *member)
{
	void *klatch_shadow_owner(const void *);
	return klatch_shadow_owner(member);
}
static inline void klatch_free_two_rcu(const struct two *object)
{
	void klatch_shadow_free(const void *, unsigned long);
	klatch_shadow_free(object, 0x67b9922ca50a0b3dUL);
}
