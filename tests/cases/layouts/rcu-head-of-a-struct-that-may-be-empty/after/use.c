static void put(struct one *one)
{
	kfree_rcu(one, rcu_head);
}
