struct one one = {
	.count = 1,
};
