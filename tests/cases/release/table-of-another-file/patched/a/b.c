static struct ops ops = {
	.validate = box_check,
};
