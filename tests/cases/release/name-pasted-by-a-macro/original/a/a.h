enum {
	FLOW_FLAG_OLD,
};
