struct one {
	int count;
};
static inline struct rcu_head *klatch_find_one_rcu(const struct one *object)
{
	void *klatch_shadow(const void *, unsigned long, unsigned int);
	return klatch_shadow(object, 0xecb855b3b36fdbb7UL, 6);
}
static inline struct one *klatch_own_one_rcu(const struct rcu_head *member)
{
	void *klatch_shadow_owner(const void *);
	return klatch_shadow_owner(member);
}
static inline void klatch_free_one_rcu(const struct one *object)
{
	void klatch_shadow_free(const void *, unsigned long);
	klatch_shadow_free(object, 0xecb855b3b36fdbb7UL);
}
