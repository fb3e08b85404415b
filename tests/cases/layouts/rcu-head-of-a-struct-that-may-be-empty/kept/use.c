static void put(struct one *one)
{
	klatch_free_one_rcu_head(one);
}
